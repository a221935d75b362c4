/** From the events behind a row to what each changed, as people read it. Pure. */
import { none, type Formats } from '@plimsoll/ui';
import type { ExplainedChange } from '@plimsoll/contracts/ExplainedChange';

type Columns = Readonly<Record<string, unknown>>;

/** One column that an event changed. */
export interface Step {
  readonly column: string;
  readonly before: string;
  readonly after: string;
  /** By how much, with its sign; empty where it is no number. */
  readonly by: string;
}

/** Said elsewhere, or of no business meaning. */
const stamps = new Set(['key', 'position', 'revision', 'state', 'rank']);

export function stepsOf(
  { before, after }: Pick<ExplainedChange, 'before' | 'after'>,
  currency: string,
  formats: Formats,
): Step[] {
  const columns = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return columns
    .filter((column) => !stamps.has(column))
    .filter((column) => worth(before?.[column]) !== worth(after?.[column]))
    .map((column) => {
      const [old, now] = [before?.[column], after?.[column]];
      return {
        column,
        before: valueOf(column, old, currency, formats),
        after: valueOf(column, now, currency, formats),
        by: differenceOf(column, old, now, currency, formats),
      };
    });
}

/** A row that was not there was zero in everything: its first zeros are no change. */
function worth(value: unknown): string {
  return JSON.stringify(value === 0 ? null : (value ?? null));
}

/** A value by the unit in its column's name: minor units, seconds, instants. */
export function valueOf(column: string, value: unknown, currency: string, formats: Formats): string {
  if (value === null || value === undefined || value === '') return none;
  if (typeof value === 'number') {
    if (column.endsWith('_minor') && currency !== '') return formats.money(value, currency);
    if (column.endsWith('_micros') && currency !== '') return formats.money(value / 1_000_000, currency);
    if (column.endsWith('_s')) return formats.duration(value);
    return formats.integer(value);
  }
  if (typeof value === 'string') return /_at$/.test(column) ? formats.moment(value) : value;
  if (Array.isArray(value)) return value.map((one) => valueOf('', one, currency, formats)).join(' / ');
  if (isObject(value))
    return Object.entries(value)
      .map(([name, one]) => `${name} ${valueOf(name, one, currency, formats)}`)
      .join(' · ');
  return String(value);
}

/** A fact has a value, or facts of its own: one group for each thing that it tells of. */
export type Fact =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly groups: readonly (readonly Fact[])[] };

/** Facts behind a change, in the order in which the view tells them; what holds nothing is left out. */
export function factsOf(facts: unknown, currency: string, formats: Formats): Fact[] {
  if (facts === null || facts === undefined) return [];
  if (!isObject(facts)) return [{ name: '', text: valueOf('', facts, currency, formats) }];
  const own = typeof facts['currency'] === 'string' ? facts['currency'] : currency;
  return Object.entries(facts).flatMap(([name, value]): Fact[] => {
    const parts = Array.isArray(value) ? value : [value];
    if (parts.some(isObject)) {
      const groups = parts.map((part) => factsOf(part, own, formats)).filter((group) => group.length > 0);
      return groups.length === 0 ? [] : [{ name, groups }];
    }
    if (value === null || parts.length === 0) return [];
    return [{ name, text: valueOf(name, value, own, formats) }];
  });
}

function isObject(value: unknown): value is Columns {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The currency of the row: a row that is gone had it when it began. */
export function currencyOf(row: Columns | null | undefined, changes: readonly ExplainedChange[]): string {
  const value = row?.['currency'] ?? changes.find(({ after }) => after?.['currency'])?.after?.['currency'];
  return typeof value === 'string' ? value : '';
}

function differenceOf(column: string, old: unknown, now: unknown, currency: string, formats: Formats): string {
  const numbers = [old ?? 0, now ?? 0];
  if (!numbers.every((value) => typeof value === 'number')) return '';
  const [from, to] = numbers as [number, number];
  const by = to - from;
  return `${by > 0 ? '+' : '−'}${valueOf(column, Math.abs(by), currency, formats)}`;
}
