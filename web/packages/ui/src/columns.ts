/** Columns over rows as they come from the wire: by kind of value, with the order and the alignment that belong to it. */
import type { Row } from '@plimsoll/client';
import type { Formats } from './format.js';
import { none } from './format.js';
import { number, text } from './rows.js';
import type { Column } from './table.js';

type End = 'end' | 'end strong';

export function columnsFor(formats: Formats) {
  return {
    text: (id: string, label: string, read: (row: Row) => string = (row) => text(row, id)): Column<Row> => ({
      id,
      label,
      text: (row) => read(row) || none,
      title: read,
      order: read,
    }),
    count: (id: string, label: string, align: End = 'end'): Column<Row> => ({
      id,
      label,
      align,
      text: (row) => (typeof row[id] === 'number' ? formats.integer(number(row, id)) : none),
      order: (row) => number(row, id),
    }),
    money: (id: string, label: string, align: End = 'end'): Column<Row> => ({
      id,
      label,
      align,
      text: (row) => (typeof row[id] === 'number' ? formats.amount(number(row, id), text(row, 'currency')) : none),
      title: (row) => (typeof row[id] === 'number' ? formats.money(number(row, id), text(row, 'currency')) : none),
      order: (row) => number(row, id),
    }),
    duration: (id: string, label: string, align: End = 'end'): Column<Row> => ({
      id,
      label,
      align,
      text: (row) => (typeof row[id] === 'number' ? formats.duration(number(row, id)) : none),
      order: (row) => number(row, id),
    }),
  };
}
