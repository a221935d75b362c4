/** From the events behind a row to what each changed, as people read it. Pure. */
import { none, type Formats } from '@plimsoll/ui';

type Columns = Readonly<Record<string, unknown>>;

/** One event behind a row, as the server tells it. */
export interface Change {
  readonly position: number;
  readonly event_id: string;
  readonly event_type: string;
  readonly stream: string;
  readonly version: number;
  readonly occurred_at: string;
  readonly recorded_at: string;
  readonly actor?: { readonly kind: string; readonly id: string };
  /** The columns that it changed, as they were; null when the row was not there. */
  readonly before: Columns | null;
  readonly after: Columns | null;
  /** What the event means by the view's rules. */
  readonly facts?: unknown;
}

export interface Explanation {
  readonly epoch: string;
  readonly position: number;
  readonly as_of: string | null;
  readonly row: Columns | null;
  readonly changes: readonly Change[];
  /** The last page, and the changes lead to exactly the row that the view holds. */
  readonly complete: boolean;
  readonly next?: string | null;
}

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
  { before, after }: Pick<Change, 'before' | 'after'>,
  currency: string,
  formats: Formats,
): Step[] {
  const columns = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return columns
    .filter((column) => !stamps.has(column))
    .filter((column) => JSON.stringify(before?.[column] ?? null) !== JSON.stringify(after?.[column] ?? null))
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

/** A value by the unit in its column's name: minor units, seconds, instants. */
export function valueOf(column: string, value: unknown, currency: string, formats: Formats): string {
  if (value === null || value === undefined || value === '') return none;
  if (typeof value === 'number') {
    if (column.endsWith('_minor') && currency !== '') return formats.money(value, currency);
    if (column.endsWith('_s')) return formats.duration(value);
    return formats.integer(value);
  }
  if (typeof value === 'string') return /_at$/.test(column) ? formats.moment(value) : value;
  if (Array.isArray(value)) return value.map((one) => valueOf('', one, currency, formats)).join(' / ');
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, one]) => `${name} ${valueOf(name, one, currency, formats)}`)
      .join(' · ');
  return String(value);
}

/** Facts behind a change, flat: whatever the view has to say of it. */
export function factsOf(facts: unknown, currency: string, formats: Formats): { name: string; text: string }[] {
  if (typeof facts === 'string') return [{ name: '', text: facts }];
  if (facts === null || typeof facts !== 'object') return [];
  const entries: [string, unknown][] = Array.isArray(facts) ? facts.map((one) => ['', one]) : Object.entries(facts);
  return entries
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => ({ name, text: valueOf(name, value, currency, formats) }));
}

/** The currency of the row: a row that is gone had it when it began. */
export function currencyOf(row: Columns | null | undefined, changes: readonly Change[]): string {
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
