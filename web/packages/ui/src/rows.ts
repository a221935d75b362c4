/** Reading columns of rows: a column that is not there is nothing, never a guess. */
import type { Row } from '@plimsoll/client';

export function number(row: Row | undefined, column: string): number {
  const value = row?.[column];
  return typeof value === 'number' ? value : 0;
}

export function text(row: Row | undefined, column: string): string {
  const value = row?.[column];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

export function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((total, row) => total + number(row, column), 0);
}

/** Rows by the value of a column, in order of first appearance. */
export function groupBy(rows: readonly Row[], column: string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = text(row, column);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return groups;
}
