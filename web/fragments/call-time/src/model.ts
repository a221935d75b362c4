/** From rows of the view to what the panels show. Pure. */
import type { Row } from '@plimsoll/client';
import { text } from '@plimsoll/ui';

/** A ratio given as `[numerator, denominator]`, rolled up as sum over sum (G7). */
export function ratioOf(rows: readonly Row[], column: string): [number, number] {
  let numerator = 0;
  let denominator = 0;
  for (const row of rows) {
    const pair = row[column];
    if (!Array.isArray(pair)) continue;
    numerator += Number(pair[0] ?? 0);
    denominator += Number(pair[1] ?? 0);
  }
  return [numerator, denominator];
}

/** How long a live call has lasted at `now_ms`, in seconds; the client runs this clock (C-R4). */
export function elapsed_s(row: Row, now_ms: number): number {
  const connected_ms = Date.parse(text(row, 'connected_at'));
  return Number.isNaN(connected_ms) ? 0 : Math.max(0, (now_ms - connected_ms) / 1_000);
}

export function isHeld(row: Row): boolean {
  return row['held'] === true || typeof row['held_since'] === 'string';
}
