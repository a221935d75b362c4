/** From rows of the view to what the panels show. Pure. */
import type { Row } from '@plimsoll/client';
import type { DayRange } from '@plimsoll/contract';
import { groupBy, number, text, type Formats } from '@plimsoll/ui';

export interface Slot {
  readonly key: string;
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly running: boolean;
}

/** Net units of goods by unit of measure, most first: units of different measures are never added (S-R6). */
export function unitsByMeasure(rows: readonly Row[]): { uom: string; units: number }[] {
  const totals = new Map<string, number>();
  for (const row of rows) {
    for (const [uom, units] of Object.entries(row['net_units_by_uom'] ?? {})) {
      totals.set(uom, (totals.get(uom) ?? 0) + Number(units));
    }
  }
  return [...totals].map(([uom, units]) => ({ uom, units })).sort((a, b) => b.units - a.units);
}

/** Orders over days: a day's rows, one per currency, all carry the day's count. */
export function ordersOf(days: readonly Row[]): number {
  return [...groupBy(days, 'business_date').values()].reduce(
    (total, rows) => total + Math.max(...rows.map((row) => number(row, 'orders'))),
    0,
  );
}

/** The 24 wall hours of the day in one currency; the running hour is marked when the range is today. */
export function hourSlots(
  rows: readonly Row[],
  currency: string,
  runningHour: number | undefined,
  formats: Formats,
): Slot[] {
  const byHour = new Map<number, number>();
  for (const row of rows) {
    if (row['currency'] !== currency) continue;
    const hour = number(row, 'hour');
    byHour.set(hour, (byHour.get(hour) ?? 0) + number(row, 'net_minor'));
  }
  return Array.from({ length: 24 }, (_, hour) => {
    const value = byHour.get(hour) ?? 0;
    const label = String(hour).padStart(2, '0');
    return { key: label, label, value, text: formats.money(value, currency), running: hour === runningHour };
  });
}

/** The wall hour that is running, when the range is nothing but today. */
export function runningHour(range: DayRange, today: string, now_ms: number, timeZone: string): number | undefined {
  if (range.from !== today || range.to !== today) return undefined;
  const format = new Intl.DateTimeFormat('en', { timeZone, hour: '2-digit', hourCycle: 'h23' });
  return Number(format.format(now_ms));
}

/** The ids of ranked products, in one spelling for one set, as a filter of the product cards. */
export function idsOf(products: readonly Row[]): string {
  return [...new Set(products.map((row) => text(row, 'product_id')))].sort().join(',');
}
