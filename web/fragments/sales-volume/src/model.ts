/** From rows of the view to what the panels show. Pure. */
import type { Row } from '@plimsoll/client';
import type { DayRange } from '@plimsoll/contract';
import { groupBy, number, sum, text, type Formats } from '@plimsoll/ui';

export interface Slot {
  readonly key: string;
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly running: boolean;
}

/** Units by unit of measure, the most used first: units of different measures are never added (S-R6). */
export function unitsByMeasure(rows: readonly Row[], column: string): { uom: string; units: number }[] {
  return [...groupBy(rows.filter((row) => row['kind'] !== 'charge'), 'uom')]
    .map(([uom, group]) => ({ uom, units: sum(group, column), lines: sum(group, 'lines') }))
    .sort((a, b) => b.lines - a.lines)
    .map(({ uom, units }) => ({ uom, units }));
}

/** The 24 wall hours of the day in one currency; the running hour is marked when the range is today. */
export function hourSlots(rows: readonly Row[], currency: string, runningHour: number | undefined, formats: Formats): Slot[] {
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

export function productName(row: Row): string {
  return text(row, 'name') || text(row, 'product_id');
}
