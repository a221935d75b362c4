import { formatsFor } from '@plimsoll/ui';
import { expect, it } from 'vitest';
import { lastHour, netByMinute, runningSum } from '../src/model.js';

const minute = (at: string, currency: string, net_minor: number) => ({
  key: `${at}|${currency}`,
  position: 1,
  revision: 0,
  state: 'provisional' as const,
  minute: at,
  currency,
  net_minor,
});
const rows = [
  minute('2026-11-28T05:01:00Z', 'KRW', 300),
  minute('2026-11-28T05:00:00Z', 'KRW', 100),
  minute('2026-11-28T05:00:00Z', 'USD', 999),
];

it('r_r4_minutes_are_of_one_currency', () => {
  expect([...netByMinute(rows, 'KRW').values()]).toEqual([100, 300]);
});

it('the_sum_so_far_ends_now_and_never_in_the_future', () => {
  const now = Date.parse('2026-11-28T05:01:30Z');
  const { times, values } = runningSum(netByMinute(rows, 'KRW'), now);
  expect(values).toEqual([0, 100, 400]);
  expect(times.at(-1)).toBe(now / 1_000);
});

it('r_r1_the_last_hour_has_sixty_half_open_minutes_of_which_one_is_running', () => {
  const slots = lastHour(
    netByMinute(rows, 'KRW'),
    Date.parse('2026-11-28T05:01:30Z'),
    'KRW',
    formatsFor('en', 'Asia/Seoul'),
  );
  expect(slots).toHaveLength(60);
  expect(slots.at(-1)).toMatchObject({ value: 300, running: true, label: '14:01' });
  expect(slots.at(-2)).toMatchObject({ value: 100, running: false });
});
