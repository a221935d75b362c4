/** From rows of the view to what the panels show. Pure. */
import type { Row } from '@plimsoll/client';
import { number, text, type Formats } from '@plimsoll/ui';

const minute_ms = 60_000;

/** Net revenue of each minute in one currency, by the minute's start in milliseconds, ascending. */
export function netByMinute(rows: readonly Row[], currency: string): Map<number, number> {
  const minutes = new Map<number, number>();
  for (const row of rows) {
    if (row['currency'] !== currency) continue;
    const at_ms = Date.parse(text(row, 'minute'));
    if (!Number.isNaN(at_ms)) minutes.set(at_ms, (minutes.get(at_ms) ?? 0) + number(row, 'net_minor'));
  }
  return new Map([...minutes].sort(([a], [b]) => a - b));
}

/** The sum so far at the end of each minute in which something happened, and at `now_ms`; times in seconds. */
export function runningSum(
  minutes: ReadonlyMap<number, number>,
  now_ms: number | undefined,
): { times: number[]; values: number[] } {
  const times: number[] = [];
  const values: number[] = [];
  let total = 0;
  for (const [at_ms, net] of minutes) {
    if (times.length === 0) {
      times.push(at_ms / 1_000);
      values.push(0);
    }
    total += net;
    times.push(Math.min(at_ms + minute_ms, now_ms ?? Number.POSITIVE_INFINITY) / 1_000);
    values.push(total);
  }
  const last = times.at(-1);
  if (now_ms !== undefined && last !== undefined && now_ms / 1_000 > last) {
    times.push(now_ms / 1_000);
    values.push(total);
  }
  return { times, values };
}

export interface Slot {
  readonly key: string;
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly running: boolean;
}

/** The sixty minutes up to `now_ms`, the last one running. */
export function lastHour(
  minutes: ReadonlyMap<number, number>,
  now_ms: number,
  currency: string,
  formats: Formats,
): Slot[] {
  const running_ms = Math.floor(now_ms / minute_ms) * minute_ms;
  return Array.from({ length: 60 }, (_, at) => {
    const start_ms = running_ms - (59 - at) * minute_ms;
    const value = minutes.get(start_ms) ?? 0;
    const money = formats.money(value, currency);
    return {
      key: String(start_ms),
      label: formats.shortTime(start_ms),
      value,
      text: money,
      running: start_ms === running_ms,
    };
  });
}

/** The 24 wall hours in one currency. */
export function hourSlots(rows: readonly Row[], currency: string, formats: Formats): Slot[] {
  const byHour = new Map<number, number>();
  for (const row of rows) {
    if (row['currency'] === currency)
      byHour.set(number(row, 'hour'), (byHour.get(number(row, 'hour')) ?? 0) + number(row, 'net_minor'));
  }
  return Array.from({ length: 24 }, (_, hour) => {
    const label = String(hour).padStart(2, '0');
    const value = byHour.get(hour) ?? 0;
    return { key: label, label, value, text: formats.money(value, currency), running: false };
  });
}
