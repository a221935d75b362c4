import type { Client, LinkStatus, View } from '@plimsoll/client';
import { scheduler } from '@plimsoll/ui';
import { afterEach, describe, expect, it } from 'vitest';
import { Freshness } from '../src/freshness.svelte.js';

const open: LinkStatus = { transport: 'socket', state: 'open', interval_ms: undefined };
const live = { state: 'live' as const, position: 7, confirmed_ms: 1, age_ms: 40 };

function judged(status: LinkStatus, ...views: Partial<View>[]): Freshness {
  const freshness = new Freshness();
  const client = { views, status, subscribe: () => () => undefined } as unknown as Client;
  freshness.follow(client)();
  return freshness;
}

afterEach(() => scheduler.pause(false));

describe('the connection in one word', () => {
  it('live_only_when_every_answered_view_is_live', () => {
    expect(judged(open, live).standing).toBe('live');
    expect(judged(open, live, { ...live, state: 'resyncing' }).standing).toBe('catching-up');
    expect(judged(open).standing).toBe('catching-up');
  });

  it('a_question_just_asked_does_not_take_live_away', () => {
    expect(judged(open, live, { state: 'connecting', position: 0 }).standing).toBe('live');
  });

  it('stale_is_never_silently_green', () => {
    const stale = {
      ...live,
      state: 'stale' as const,
      stale: { reason: 'paused' as const, since_ms: Date.now() - 42_000 },
    };
    const freshness = judged(open, live, stale);
    expect(freshness.standing).toBe('stale');
    expect(freshness.reason).toBe('paused');
    expect(Math.round(freshness.stale_ms / 1_000)).toBe(42);
  });

  it('polling_and_offline_are_said', () => {
    expect(judged({ transport: 'poll', state: 'open', interval_ms: 5_000 }, live).standing).toBe('polling');
    expect(judged({ ...open, state: 'offline' }, live).standing).toBe('offline');
    expect(judged(open, { ...live, state: 'offline' }).standing).toBe('offline');
  });

  it('a_paused_screen_says_so_unless_the_connection_is_gone', () => {
    scheduler.pause(true);
    expect(judged(open, live).standing).toBe('paused');
    expect(judged({ ...open, state: 'offline' }, live).standing).toBe('offline');
  });

  it('the_newest_number_is_the_one_that_is_told', () => {
    const freshness = judged(open, live, { ...live, position: 9, age_ms: 900 });
    expect([freshness.position, freshness.age_ms]).toEqual([9, 40]);
  });
});
