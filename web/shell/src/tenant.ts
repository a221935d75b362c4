/** The tenant's calendar: which business day it is now, and which days a choice of range means. */
import type { DayRange } from '@plimsoll/contract';

export interface Tenant {
  readonly zone: string;
  /** Wall-clock time at which a business day begins, `HH:MM`. */
  readonly cut: string;
}

export const presets = ['today', 'yesterday', 'week', 'month'] as const;
export type Preset = (typeof presets)[number];

const day_ms = 86_400_000;
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;

/** The business day of an instant: the date of its wall time less the cut (G1). */
export function businessDay(at_ms: number, { zone, cut }: Tenant): string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
  const parts = Object.fromEntries(format.formatToParts(at_ms).map(({ type, value }) => [type, value]));
  const wall_ms = Date.parse(
    `${parts['year']}-${parts['month']}-${parts['day']}T${parts['hour']}:${parts['minute']}:00Z`,
  );
  const [hours = 0, minutes = 0] = cut.split(':').map(Number);
  return dayOf(wall_ms - (hours * 60 + minutes) * 60_000);
}

export function shiftDay(day: string, days: number): string {
  return dayOf(Date.parse(`${day}T00:00:00Z`) + days * day_ms);
}

/** The instant of a wall-clock time (`YYYY-MM-DDTHH:MM[:SS]`) in a zone; undefined where the text is none. */
export function instantOf(wall: string, zone: string): string | undefined {
  const wall_ms = Date.parse(`${wall}Z`);
  if (Number.isNaN(wall_ms)) return undefined;
  // The zone's offset is asked for twice: the first guess may stand on the other side of a clock change.
  const guess_ms = wall_ms - offset_ms(wall_ms, zone);
  return new Date(wall_ms - offset_ms(guess_ms, zone)).toISOString();
}

/** The wall-clock time of an instant in a zone, as a date-time field takes it. */
export function wallOf(at_ms: number, zone: string): string {
  return new Date(at_ms + offset_ms(at_ms, zone)).toISOString().slice(0, 19);
}

function offset_ms(at_ms: number, zone: string): number {
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(at_ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes] = /([+-])(\d\d):(\d\d)/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
}

/** The days that the address asks for: one day, or a preset relative to today. */
export function rangeOf(address: URLSearchParams, today: string): { preset: Preset | undefined; range: DayRange } {
  const day = address.get('day');
  if (day !== null && dayPattern.test(day)) return { preset: undefined, range: { from: day, to: day } };
  const asked = address.get('range');
  const preset = presets.find((one) => one === asked) ?? 'today';
  return { preset, range: presetRange(preset, today) };
}

function presetRange(preset: Preset, today: string): DayRange {
  switch (preset) {
    case 'today':
      return { from: today, to: today };
    case 'yesterday':
      return { from: shiftDay(today, -1), to: shiftDay(today, -1) };
    case 'week':
      return { from: shiftDay(today, -6), to: today };
    case 'month':
      return { from: `${today.slice(0, 8)}01`, to: today };
  }
}

function dayOf(wall_ms: number): string {
  return new Date(wall_ms).toISOString().slice(0, 10);
}
