/** How a column of a table gets its text, its order and its place. */
export interface Column<Item> {
  readonly id: string;
  readonly label: string;
  readonly text: (row: Item) => string;
  /** Value to sort by; a column without it does not sort. */
  readonly order?: (row: Item) => string | number;
  /** The full value, where `text` shortens it. */
  readonly title?: (row: Item) => string;
  /** `end` for numbers, `end strong` for the number that matters most. */
  readonly align?: 'end' | 'end strong';
}
