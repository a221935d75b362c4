import { describe, expect, it } from 'vitest';
import { age } from '../src/age.js';
import { instantOf, wallOf, businessDay, rangeOf } from '../src/tenant.js';

const at = (text: string) => Date.parse(text);

describe('the business day (G1)', () => {
  it('g1_is_of_the_tenants_zone_not_of_the_browsers', () => {
    expect(businessDay(at('2026-11-28T14:59:59Z'), { zone: 'Asia/Seoul', cut: '00:00' })).toBe('2026-11-28');
    expect(businessDay(at('2026-11-28T15:00:00Z'), { zone: 'Asia/Seoul', cut: '00:00' })).toBe('2026-11-29');
  });

  it('g1_begins_at_the_cut', () => {
    const tenant = { zone: 'Asia/Seoul', cut: '05:00' };
    expect(businessDay(at('2026-11-28T19:59:00Z'), tenant)).toBe('2026-11-28');
    expect(businessDay(at('2026-11-28T20:00:00Z'), tenant)).toBe('2026-11-29');
  });

  it('g1_survives_a_change_of_clocks', () => {
    const tenant = { zone: 'America/New_York', cut: '00:00' };
    expect(businessDay(at('2026-03-08T04:59:00Z'), tenant)).toBe('2026-03-07');
    expect(businessDay(at('2026-03-09T03:59:00Z'), tenant)).toBe('2026-03-08');
  });
});

describe('the range in the address', () => {
  const range = (text: string) => rangeOf(new URLSearchParams(text), '2026-03-02');

  it('is_today_unless_it_says_otherwise', () => {
    expect(range('')).toEqual({ preset: 'today', range: { from: '2026-03-02', to: '2026-03-02' } });
    expect(range('range=nonsense').preset).toBe('today');
  });

  it('knows_presets_and_single_days', () => {
    expect(range('range=week').range).toEqual({ from: '2026-02-24', to: '2026-03-02' });
    expect(range('range=month').range).toEqual({ from: '2026-03-01', to: '2026-03-02' });
    expect(range('day=2026-01-15')).toEqual({ preset: undefined, range: { from: '2026-01-15', to: '2026-01-15' } });
  });
});

describe('ages in words', () => {
  it('use_the_unit_that_fits', () => {
    expect([180, 42_000, 600_000, 7_200_000].map((ms) => age(ms, 'en'))).toEqual(['180 ms', '42 s', '10 min', '2 h']);
    expect(age(42_000, 'ko')).toBe('42초');
  });
});

describe('wall-clock times', () => {
  it('mean_an_instant_in_the_tenants_zone_also_around_a_clock_change', () => {
    expect(instantOf('2026-11-28T10:00', 'Asia/Seoul')).toBe('2026-11-28T01:00:00.000Z');
    expect(instantOf('2026-03-29T03:30:00', 'Europe/Berlin')).toBe('2026-03-29T01:30:00.000Z');
    expect(instantOf('2026-03-29T01:30:00', 'Europe/Berlin')).toBe('2026-03-29T00:30:00.000Z');
    expect(instantOf('', 'Asia/Seoul')).toBeUndefined();
  });

  it('are_read_back_as_they_were_written', () => {
    for (const zone of ['Asia/Seoul', 'Europe/Berlin', 'America/New_York', 'UTC'])
      expect(wallOf(Date.parse(instantOf('2026-07-01T23:59:58', zone) ?? ''), zone)).toBe('2026-07-01T23:59:58');
  });
});
