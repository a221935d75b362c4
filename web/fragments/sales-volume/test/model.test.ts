import { formatsFor } from '@plimsoll/ui';
import { expect, it } from 'vitest';
import { hourSlots, idsOf, ordersOf, runningHour, unitsByMeasure } from '../src/model.js';

const row = (
  key: string,
  columns: Record<string, never> | Record<string, string | number | Record<string, number>>,
) => ({
  key,
  position: 1,
  revision: 0,
  state: 'provisional' as const,
  ...columns,
});

it('s_r6_units_of_different_measures_are_never_added', () => {
  const rows = [row('a', { net_units_by_uom: { ea: 3, kg: 2 } }), row('b', { net_units_by_uom: { ea: 4 } })];
  expect(unitsByMeasure(rows)).toEqual([
    { uom: 'ea', units: 7 },
    { uom: 'kg', units: 2 },
  ]);
});

it('s_r1_orders_of_a_day_are_counted_once_whatever_the_currencies', () => {
  const rows = [
    row('1|KRW', { business_date: '2026-11-27', orders: 5 }),
    row('1|USD', { business_date: '2026-11-27', orders: 5 }),
    row('2|KRW', { business_date: '2026-11-28', orders: 2 }),
  ];
  expect(ordersOf(rows)).toBe(7);
});

it('hours_are_of_one_currency_and_the_running_one_is_marked', () => {
  const rows = [
    row('9|KRW', { hour: 9, currency: 'KRW', net_minor: 100 }),
    row('9|USD', { hour: 9, currency: 'USD', net_minor: 7 }),
  ];
  const slots = hourSlots(rows, 'KRW', 9, formatsFor('en', 'Asia/Seoul'));
  expect(slots).toHaveLength(24);
  expect(slots[9]).toMatchObject({ value: 100, running: true });
});

it('g1_the_running_hour_is_of_the_tenants_zone_and_only_today_has_one', () => {
  const now = Date.parse('2026-11-28T05:30:00Z');
  const today = '2026-11-28';
  expect(runningHour({ from: today, to: today }, today, now, 'Asia/Seoul')).toBe(14);
  expect(runningHour({ from: '2026-11-27', to: today }, today, now, 'Asia/Seoul')).toBeUndefined();
});

it('the_same_set_of_products_is_the_same_question', () => {
  const a = row('a|KRW', { product_id: 'a' });
  const b = row('b|KRW', { product_id: 'b' });
  expect(idsOf([b, a, b])).toBe(idsOf([a, b]));
});
