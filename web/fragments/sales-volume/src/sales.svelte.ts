/** The three questions that this fragment asks, and what follows from their answers. */
import type { Row } from '@plimsoll/client';
import type { Context } from '@plimsoll/contract';
import { currenciesOf, formatsFor, moneyFigure, number, sum, text, useLive, type Query } from '@plimsoll/ui';
import { messages } from './messages.js';
import { hourSlots, idsOf, ordersOf, runningHour, unitsByMeasure } from './model.js';

const view = 'sales-volume';

export class Sales {
  readonly #context: () => Context;
  readonly days = useLive(
    () => this.#context().client,
    () => ({ view, params: { ...this.#days, group_by: 'day' } }),
  );
  readonly hours = useLive(
    () => this.#context().client,
    () => ({ view, params: { ...this.#days, group_by: 'hour' } }),
  );
  readonly products = useLive(
    () => this.#context().client,
    () => (this.#context().size === 'tile' ? undefined : this.productsQuery),
  );

  readonly cards = useLive(
    () => this.#context().client,
    () => (this.#ids === '' ? undefined : { view, params: { table: 'products', product_id: this.#ids } }),
  );

  constructor(context: () => Context) {
    this.#context = context;
  }

  get #days(): { from: string; to: string } {
    const { from, to } = this.#context().range;
    return { from, to };
  }

  get productsQuery(): Query {
    return { view, params: { ...this.#days, measure: 'net_sales', top: '25' } };
  }

  /** A product's own row, without its place in the ranking. */
  get productQuery(): Query {
    return { view, params: { ...this.#days, group_by: 'product' } };
  }

  /** Only the page shows products; a tile asks for no cards. */
  get #ids(): string {
    return this.#context().size === 'tile' ? '' : idsOf(this.products.rows);
  }

  #names = new Map<string, string>();
  names = $derived.by((): ReadonlyMap<string, string> => {
    for (const card of this.cards.rows) this.#names.set(text(card, 'product_id'), text(card, 'name'));
    return new Map(this.#names);
  });
  name = $derived.by(() => {
    const names = this.names;
    return (row: Row): string => names.get(text(row, 'product_id')) ?? text(row, 'product_id');
  });
  dayText = $derived.by(() => this.formats.days(this.#context().range));
  say = $derived.by(() => messages(this.#context().locale));
  formats = $derived.by(() => formatsFor(this.#context().locale, this.#context().timeZone));
  currencies = $derived.by(() => currenciesOf(this.days.rows, 'lines'));
  currency = $derived.by(() => this.currencies[0] ?? '');

  net = $derived.by(() => moneyFigure(this.days.rows, 'net_minor', this.currencies, this.formats));
  orders = $derived.by(() => ordersOf(this.days.rows));
  back = $derived.by(() => {
    const rows = this.days.rows.map((row) => ({
      ...row,
      back_minor: number(row, 'cancelled_minor') + number(row, 'returned_minor'),
    }));
    return moneyFigure(rows, 'back_minor', this.currencies, this.formats);
  });
  unitsBack = $derived.by(() => sum(this.days.rows, 'units_cancelled') + sum(this.days.rows, 'units_returned'));
  units = $derived.by(() => unitsByMeasure(this.days.rows));
  otherUnits = $derived.by(() =>
    this.units.slice(1).map(({ uom, units }) => this.say.otherUnits(this.formats.integer(units), uom)),
  );

  slots = $derived.by(() => {
    const { range, today, timeZone } = this.#context();
    return hourSlots(this.hours.rows, this.currency, runningHour(range, today, Date.now(), timeZone), this.formats);
  });
  peak = $derived.by(() => {
    const most = this.slots.reduce((best, slot) => (slot.value > best.value ? slot : best));
    return this.say.peak(`${most.label}:00`, most.text);
  });
  bars = $derived.by(() =>
    this.products.rows
      .filter((row) => row['currency'] === this.currency)
      .map((row) => ({ row, value: number(row, 'net_minor') }))
      .sort((a, b) => b.value - a.value)
      .map(({ row, value }) => ({
        key: row.key,
        label: this.name(row),
        value,
        text: this.formats.compactMoney(value, this.currency),
        exact: this.formats.money(value, this.currency),
      })),
  );
}
