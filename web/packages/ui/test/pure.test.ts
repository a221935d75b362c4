import { describe, expect, it, vi } from 'vitest';
import { Cues } from '../src/cues.js';
import { currenciesOf, moneyFigure } from '../src/currencies.js';
import { formatsFor } from '../src/format.js';
import { Ranked } from '../src/ranked.svelte.js';
import { Scheduler } from '../src/scheduler.js';

const en = formatsFor('en', 'Asia/Seoul');
const ko = formatsFor('ko', 'Asia/Seoul');
const row = (key: string, columns: Record<string, string | number>) => ({
  key,
  position: 1,
  revision: 0,
  state: 'provisional' as const,
  ...columns,
});

describe('formats', () => {
  it('money_is_exact_to_the_minor_unit', () => {
    expect(en.money(9_007_199_254_740_991, 'USD')).toBe('$90,071,992,547,409.91');
    expect(en.money(-5, 'USD')).toBe('-$0.05');
    expect(ko.money(4_310_000_000, 'KRW')).toBe('₩4,310,000,000');
    expect(en.amount(1_234_50, 'USD')).toBe('1,234.50');
  });

  it('money_of_no_currency_yet_is_a_plain_number', () => {
    expect([en.money(0, ''), en.amount(12, ''), en.compactMoney(9_999, '')]).toEqual(['0', '12', '9,999']);
  });

  it('compact_money_follows_the_language', () => {
    expect(ko.compactMoney(4_310_000_000, 'KRW')).toBe('₩43.10억');
    expect(en.compactMoney(123_400_000, 'KRW')).toBe('₩123.4M');
    expect(en.compactMoney(9_999, 'KRW')).toBe('₩9,999');
  });

  it('times_are_of_the_tenants_zone', () => {
    expect(en.time('2026-11-28T05:03:07Z')).toBe('14:03:07');
  });

  it('durations_grow_hours_when_they_need_them', () => {
    expect([en.duration(59), en.duration(600), en.duration(3_723.9)]).toEqual(['0:59', '10:00', '1:02:03']);
  });

  it('a_ratio_over_nothing_is_no_number', () => {
    expect(en.percent(0, 0)).toBe('–');
    expect(en.percent(91, 110)).toBe('82.7%');
  });
});

describe('currencies', () => {
  const rows = [row('a', { currency: 'USD', n: 1, m: 150 }), row('b', { currency: 'KRW', n: 5, m: 2_000 })];

  it('are_never_added', () => {
    const currencies = currenciesOf(rows, 'n');
    expect(currencies).toEqual(['KRW', 'USD']);
    expect(moneyFigure(rows, 'm', currencies, en)).toEqual({
      value: '₩2,000',
      exact: '₩2,000 · $1.50',
      note: '+ $1.50',
    });
  });
});

describe('a ranked list', () => {
  const items = (...keys: string[]) => keys.map((key) => ({ key }));
  const keys = (list: { key: string }[]) => list.map(({ key }) => key).join('');

  it('reorders_at_most_once_a_second', () => {
    const ranked = new Ranked();
    expect(keys(ranked.arrange(items('a', 'b'), 0))).toBe('ab');
    expect(keys(ranked.arrange(items('b', 'a'), 500))).toBe('ab');
    expect(keys(ranked.arrange(items('b', 'a'), 1_001))).toBe('ba');
  });

  it('never_reorders_under_the_pointer_yet_drops_and_adds', () => {
    const ranked = new Ranked();
    ranked.arrange(items('a', 'b', 'c'), 0);
    ranked.held = true;
    expect(keys(ranked.arrange(items('d', 'c', 'a'), 5_000))).toBe('acd');
  });
});

describe('cues', () => {
  const values = (...list: number[]) => new Map(list.map((value, at) => [String(at), value]));

  it('say_which_row_rose_or_fell_but_not_at_first_sight', () => {
    const cues = new Cues();
    expect(cues.look(values(1, 1, 1, 1, 1)).size).toBe(0);
    expect(cues.look(values(1, 2, 1, 1, 1))).toEqual(new Map([['1', 'rose']]));
    expect(cues.look(values(0, 2, 1, 1, 1))).toEqual(new Map([['0', 'fell']]));
  });

  it('are_silent_when_more_than_a_fifth_changes_at_once', () => {
    const cues = new Cues();
    cues.look(values(1, 1, 1, 1, 1));
    expect(cues.look(values(2, 2, 1, 1, 1)).size).toBe(0);
  });
});

describe('the scheduler', () => {
  it('commits_once_per_beat_at_most_ten_times_a_second_and_not_while_paused', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const scheduler = new Scheduler();
    const commit = vi.fn();
    for (let message = 0; message < 1_000; message += 1) {
      scheduler.schedule(commit);
      vi.advanceTimersByTime(1);
    }
    expect(commit.mock.calls.length).toBeGreaterThanOrEqual(9);
    expect(commit.mock.calls.length).toBeLessThanOrEqual(11);
    vi.advanceTimersByTime(1_000);
    const before = commit.mock.calls.length;
    scheduler.pause(true);
    scheduler.schedule(commit);
    vi.advanceTimersByTime(1_000);
    expect(commit.mock.calls.length).toBe(before);
    scheduler.pause(false);
    vi.advanceTimersByTime(200);
    expect(commit.mock.calls.length).toBe(before + 1);
    vi.useRealTimers();
  });
});
