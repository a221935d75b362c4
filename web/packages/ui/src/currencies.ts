/** Currencies stand side by side and are never added: the one with most behind it comes first. */
import type { Row } from '@plimsoll/client';
import type { Formats } from './format.js';
import { groupBy, number, sum } from './rows.js';

export interface MoneyFigure {
  readonly value: string;
  readonly exact: string;
  /** The other currencies, in words. */
  readonly note: string | undefined;
}

/** Currencies of `rows`, the one with the largest sum of `weight` (a count, comparable between currencies) first. */
export function currenciesOf(rows: readonly Row[], weight: string): string[] {
  return [...groupBy(rows, 'currency')]
    .map(([currency, group]) => ({ currency, weight: sum(group, weight) }))
    .sort((a, b) => b.weight - a.weight || a.currency.localeCompare(b.currency))
    .map(({ currency }) => currency);
}

/** A column in all its currencies: the first as the figure, the others as its note. */
export function moneyFigure(
  rows: readonly Row[],
  column: string,
  currencies: readonly string[],
  formats: Formats,
): MoneyFigure {
  const amounts = currencies.map((currency) => {
    const minor = rows.reduce((total, row) => total + (row['currency'] === currency ? number(row, column) : 0), 0);
    return { compact: formats.compactMoney(minor, currency), exact: formats.money(minor, currency) };
  });
  const [first, ...others] = amounts;
  return {
    value: first?.compact ?? formats.integer(0),
    exact: amounts.map(({ exact }) => exact).join(' · '),
    note: others.length === 0 ? undefined : others.map(({ compact }) => `+ ${compact}`).join('  '),
  };
}
