/** Numbers, money, durations and times as people read them. Formatters are made once and kept: making one costs more than using it. */
import type { DayRange, Locale } from '@plimsoll/contract';

const tags: Record<Locale, string> = { ko: 'ko-KR', en: 'en-US' };
const kept = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat>();

function keep<Formatter extends Intl.NumberFormat | Intl.DateTimeFormat>(
  key: string,
  make: () => Formatter,
): Formatter {
  let formatter = kept.get(key) as Formatter | undefined;
  if (formatter === undefined) {
    formatter = make();
    kept.set(key, formatter);
  }
  return formatter;
}

/** Minor units of one major unit as a power of ten: 0 for KRW, 2 for USD, 0 where no currency is known yet. */
function fractionDigits(currency: string): number {
  if (currency === '') return 0;
  const formatter = keep(`digits ${currency}`, () => new Intl.NumberFormat('en', { style: 'currency', currency }));
  return formatter.resolvedOptions().maximumFractionDigits ?? 0;
}

/** The exact decimal text of an amount in minor units: no floating point on the way. */
function decimal(minor: number, digits: number): `${number}` {
  const sign = minor < 0 ? '-' : '';
  const text = String(Math.abs(minor)).padStart(digits + 1, '0');
  const whole = text.slice(0, text.length - digits);
  return `${sign}${whole}${digits === 0 ? '' : `.${text.slice(-digits)}`}` as `${number}`;
}

export interface Formats {
  readonly locale: Locale;
  integer(value: number): string;
  /** Exact money; `amount` leaves the sign of the currency out, for columns that name it in their head. */
  money(minor: number, currency: string): string;
  amount(minor: number, currency: string): string;
  compactMoney(minor: number, currency: string): string;
  /** For axes: few digits, no more than are needed. */
  roughMoney(minor: number, currency: string): string;
  percent(numerator: number, denominator: number): string;
  /** Seconds as `1:02:03`; `2:03` below an hour. */
  duration(seconds: number): string;
  /** Clock time with seconds, in the tenant's zone. */
  time(at: number | string): string;
  shortTime(at: number | string): string;
  /** Day and clock time with seconds. */
  moment(at: number | string): string;
  /** A range of days, both ends included. */
  days(range: DayRange): string;
  month(period: string): string;
}

/** Below this many major units an amount is short enough as it is. */
const compactFrom = 10_000;
const compactNotation: Intl.NumberFormatOptions = {
  notation: 'compact',
  minimumSignificantDigits: 4,
  maximumSignificantDigits: 4,
  useGrouping: 'always',
};

export const none = '–';

export function formatsFor(locale: Locale, timeZone: string): Formats {
  const tag = tags[locale];
  const number = (key: string, options: Intl.NumberFormatOptions) =>
    keep(`${tag} ${key}`, () => new Intl.NumberFormat(tag, options));
  const date = (key: string, options: Intl.DateTimeFormatOptions) =>
    keep(`${tag} ${key} ${options.timeZone}`, () => new Intl.DateTimeFormat(tag, options));
  const money = (minor: number, currency: string): string =>
    number(`money ${currency}`, style(currency)).format(decimal(minor, fractionDigits(currency)) as unknown as number);
  return {
    locale,
    integer: (value) => number('integer', {}).format(value),
    money,
    amount: (minor, currency) => {
      const digits = fractionDigits(currency);
      return number(`amount ${digits}`, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
        decimal(minor, digits) as unknown as number,
      );
    },
    compactMoney: (minor, currency) => {
      const major = minor / 10 ** fractionDigits(currency);
      if (Math.abs(major) < compactFrom) return money(minor, currency);
      return number(`compact ${currency}`, { ...style(currency), ...compactNotation }).format(major);
    },
    roughMoney: (minor, currency) =>
      number(`rough ${currency}`, {
        ...style(currency),
        notation: 'compact',
        minimumFractionDigits: 0,
        maximumFractionDigits: 1,
      }).format(minor / 10 ** fractionDigits(currency)),
    percent: (numerator, denominator) =>
      denominator === 0
        ? none
        : number('percent', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(
            numerator / denominator,
          ),
    duration,
    time: (at) =>
      date('time', { timeZone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(
        new Date(at),
      ),
    shortTime: (at) =>
      date('short', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(at)),
    moment: (at) =>
      date('moment', {
        timeZone,
        month: 'short',
        day: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
        hourCycle: 'h23',
      }).format(new Date(at)),
    days: ({ from, to }) =>
      date('days', { timeZone: 'UTC', month: 'short', day: 'numeric', weekday: 'short' }).formatRange(
        midnight(from),
        midnight(to),
      ),
    month: (period) =>
      date('month', { timeZone: 'UTC', year: 'numeric', month: 'long' }).format(midnight(`${period}-01`)),
  };
}

function midnight(day: string): Date {
  return new Date(`${day}T00:00:00Z`);
}

function style(currency: string): Intl.NumberFormatOptions {
  return currency === '' ? {} : { style: 'currency', currency, currencyDisplay: 'narrowSymbol' };
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
