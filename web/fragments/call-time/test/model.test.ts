import { expect, it } from 'vitest';
import { elapsed_s, ratioOf } from '../src/model.js';

const stamp = { revision: 0, state: 'provisional' as const };

it('g7_ratios_roll_up_as_sum_over_sum', () => {
  const rows = [
    { key: 'a', position: 1, ...stamp, service_level: [90, 100] },
    { key: 'b', position: 1, ...stamp, service_level: [1, 10] },
  ];
  expect(ratioOf(rows, 'service_level')).toEqual([91, 110]);
});

it('c_r4_the_clock_of_an_open_call_runs_from_the_moment_of_connection', () => {
  const row = { key: 'C', position: 1, ...stamp, connected_at: '2026-11-28T05:00:00Z' };
  expect(elapsed_s(row, Date.parse('2026-11-28T05:01:30Z'))).toBe(90);
});
