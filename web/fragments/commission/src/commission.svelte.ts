/** The questions that this fragment asks, and what follows from their answers. */
import type { Context } from '@plimsoll/contract';
import { currenciesOf, formatsFor, groupBy, moneyFigure, number, sum, useLive, type Query } from '@plimsoll/ui';
import { components, messages } from './messages.js';

const view = 'commission';

export class Commission {
  readonly #context: () => Context;
  readonly statements = useLive(
    () => this.#context().client,
    () => this.statementsQuery,
  );
  readonly components = useLive(
    () => this.#context().client,
    () => ({ view, params: { table: 'lines', period: this.period, group_by: 'component' } }),
  );
  readonly ledger = useLive(
    () => this.#context().client,
    () => (this.planner === undefined || this.#context().size === 'tile' ? undefined : this.ledgerQuery(this.planner)),
  );

  constructor(context: () => Context) {
    this.#context = context;
  }

  get statementsQuery(): Query {
    return { view, params: { period: this.period } };
  }

  ledgerQuery(planner_id: string): Query {
    return { view, params: { table: 'lines', period: this.period, planner_id } };
  }

  /** Statements are monthly: the month of the range's last day. */
  period = $derived.by(() => this.#context().range.to.slice(0, 7));
  planner = $derived.by(() => this.#context().params['planner']);
  say = $derived.by(() => messages(this.#context().locale));
  formats = $derived.by(() => formatsFor(this.#context().locale, this.#context().timeZone));
  month = $derived.by(() => this.formats.month(this.period));
  counted = $derived.by(() =>
    this.statements.rows.map((row) => ({ ...row, one: 1, debt_minor: Math.min(0, number(row, 'closing_minor')) })),
  );
  currencies = $derived.by(() => currenciesOf(this.counted, 'one'));
  currency = $derived.by(() => this.currencies[0] ?? '');
  planners = $derived.by(() => groupBy(this.statements.rows, 'planner_id').size);

  figure(column: string) {
    return moneyFigure(this.counted, column, this.currencies, this.formats);
  }

  clawedBack = $derived.by(() =>
    moneyFigure(
      this.components.rows.filter((row) => row['component'] === 'clawback'),
      'amount_minor',
      this.currencies,
      this.formats,
    ),
  );

  componentName = $derived.by(() => {
    const names: Readonly<Record<string, string>> = components(this.#context().locale);
    return (component: string): string => names[component] ?? component;
  });

  bars = $derived.by(() => {
    const mine = this.components.rows.filter((row) => row['currency'] === this.currency);
    return [...groupBy(mine, 'component')]
      .map(([component, rows]) => ({ component, minor: sum(rows, 'amount_minor') }))
      .filter(({ minor }) => minor !== 0)
      .sort((a, b) => Math.abs(b.minor) - Math.abs(a.minor))
      .map(({ component, minor }) => ({
        key: component,
        label: this.componentName(component),
        value: Math.abs(minor),
        negative: minor < 0,
        text: this.formats.compactMoney(minor, this.currency),
        exact: this.formats.money(minor, this.currency),
      }));
  });
}
