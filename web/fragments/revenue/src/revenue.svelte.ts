/** The questions that this fragment asks, and what follows from their answers. */
import type { Row } from '@plimsoll/client';
import type { Context } from '@plimsoll/contract';
import { currenciesOf, formatsFor, moneyFigure, number, scheduler, sum, text, useLive, type Query } from '@plimsoll/ui';
import { messages } from './messages.js';
import { hourSlots, lastHour, netByMinute, runningSum } from './model.js';

const view = 'revenue';
const tick_ms = 1_000;

export class Revenue {
  readonly #context: () => Context;
  readonly channels = useLive(
    () => this.#context().client,
    () => this.channelsQuery,
  );
  /** Minutes are kept for two days: today has them, older ranges are shown by hour. */
  readonly minutes = useLive(
    () => this.#context().client,
    () => (this.isToday ? { view, params: { ...this.#days, table: 'minutes', window: '1m' } } : undefined),
  );
  readonly hours = useLive(
    () => this.#context().client,
    () => (this.isToday ? undefined : { view, params: { ...this.#days, group_by: 'hour' } }),
  );
  now_ms = $state(Date.now());

  constructor(context: () => Context) {
    this.#context = context;
    $effect(() => {
      const commit = (): void => void (this.now_ms = Date.now());
      const timer = setInterval(() => scheduler.schedule(commit), tick_ms);
      return () => {
        clearInterval(timer);
        scheduler.cancel(commit);
      };
    });
  }

  get #days(): { from: string; to: string } {
    const { from, to } = this.#context().range;
    return { from, to };
  }

  get channelsQuery(): Query {
    return { view, params: { ...this.#days, group_by: 'channel' } };
  }

  isToday = $derived.by(() => this.#context().range.from === this.#context().today);
  say = $derived.by(() => messages(this.#context().locale));
  formats = $derived.by(() => formatsFor(this.#context().locale, this.#context().timeZone));
  dayText = $derived.by(() => this.formats.days(this.#context().range));
  currencies = $derived.by(() => currenciesOf(this.channels.rows, 'captures'));
  currency = $derived.by(() => {
    const asked = this.#context().params['currency'];
    return asked !== undefined && this.currencies.includes(asked) ? asked : (this.currencies[0] ?? '');
  });
  mine = $derived.by(() => this.channels.rows.filter((row) => row['currency'] === this.currency));
  trend = $derived.by(() => (this.isToday ? this.minutes : this.hours));

  byMinute = $derived.by(() => netByMinute(this.minutes.rows, this.currency));
  running = $derived.by(() => runningSum(this.byMinute, this.now_ms));
  lastHour = $derived.by(() => lastHour(this.byMinute, this.now_ms, this.currency, this.formats));
  hourSlots = $derived.by(() => hourSlots(this.hours.rows, this.currency, this.formats));
  total = $derived.by(() => this.running.values.at(-1) ?? 0);

  /** Figures of the chosen currency. */
  figure(column: string): { value: string; exact: string } {
    return moneyFigure(this.mine, column, [this.currency], this.formats);
  }

  count(column: string): string {
    return this.formats.integer(sum(this.mine, column));
  }

  /** Net revenue of every currency, side by side. */
  nets = $derived.by(() =>
    this.currencies.map((currency) => ({
      currency,
      ...moneyFigure(this.channels.rows, 'net_minor', [currency], this.formats),
    })),
  );

  channelBars = $derived.by(() => this.#bars('net_minor', (channel) => channel));
  givenBackBars = $derived.by(() =>
    [
      ...this.#bars('refunded_minor', (channel) => this.say.backOf(this.say.refunded, channel)),
      ...this.#bars('chargeback_minor', (channel) => this.say.backOf(this.say.chargebacks, channel)),
    ]
      .filter(({ value }) => value > 0)
      .map((bar) => ({ ...bar, negative: true })),
  );

  #bars(column: string, label: (channel: string) => string) {
    return [...this.mine]
      .sort((a, b) => number(b, column) - number(a, column))
      .map((row: Row) => ({
        key: `${column} ${row.key}`,
        label: label(text(row, 'channel')),
        value: number(row, column),
        text: this.formats.compactMoney(number(row, column), this.currency),
        exact: this.formats.money(number(row, column), this.currency),
      }));
  }
}
