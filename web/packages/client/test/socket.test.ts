import { describe, expect, it } from 'vitest';
import { FakeSocket, greet, row, snapshot, stage } from './fakes.js';

const delta = { type: 'delta' as const, topic: 7, as_of: null, upsert: [], remove: [], folded: 1 };

describe('the first connection', () => {
  it('the_token_goes_into_hello_and_never_into_the_url', async () => {
    stage();
    const socket = FakeSocket.last;
    await socket.open();
    expect(socket.url).toBe('ws://server.test/v1/live');
    expect(socket.protocols).toEqual(['plimsoll.v1.json']);
    expect(socket.sent).toEqual([{ type: 'hello', sdk: 'plimsoll-client/0.1.0', token: 'secret' }]);
  });

  it('a_view_goes_from_connecting_over_snapshot_to_live', async () => {
    const { client } = stage();
    const view = client.live('revenue', { from: '2026-11-28' });
    expect(view.state).toBe('connecting');
    const socket = await greet();
    const asked = socket.of('subscribe')[0];
    expect(asked).toMatchObject({ view: 'revenue', params: { from: '2026-11-28' } });
    expect(asked?.from).toBeUndefined();
    socket.say({ type: 'subscribed', id: asked?.id ?? '', topic: 7, mode: 'snapshot', epoch: 'e', position: 5 });
    expect(view.state).toBe('snapshot');
    socket.say({
      type: 'snapshot',
      topic: 7,
      epoch: 'e',
      position: 5,
      as_of: null,
      part: 0,
      last: true,
      rows: [row('a', 5)],
    });
    expect(view.state).toBe('live');
    expect(view.position).toBe(5);
    expect([...view.rows.keys()]).toEqual(['a']);
  });

  it('equal_questions_share_one_subscription_until_the_last_asker_closes', async () => {
    const { client } = stage();
    const one = client.live('revenue', { a: '1', b: '2' });
    const two = client.live('revenue', { b: '2', a: '1' });
    expect(two).toBe(one);
    const socket = await greet();
    expect(socket.of('subscribe')).toHaveLength(1);
    one.close();
    expect(socket.of('unsubscribe')).toHaveLength(0);
    two.close();
    expect(socket.of('unsubscribe')).toHaveLength(1);
  });
});

describe('deltas', () => {
  it('a_gap_subscribes_again_from_have_once_and_heals', async () => {
    const { client } = stage();
    const view = client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, [row('a', 5)]);
    socket.say({ ...delta, base: 8, position: 9 }, { ...delta, base: 9, position: 10 });
    expect(view.state).toBe('resyncing');
    expect([...view.rows.keys()]).toEqual(['a']);
    const asked = socket.of('subscribe');
    expect(asked).toHaveLength(2);
    expect(asked[1]?.from).toBe('e.000000000005');
    socket.say({ type: 'subscribed', id: asked[1]?.id ?? '', topic: 7, mode: 'resume', epoch: 'e', position: 10 });
    expect(view.state).toBe('resyncing');
    socket.say({ ...delta, base: 5, position: 10, upsert: [row('b', 10)] });
    expect(view.state).toBe('live');
    expect([...view.rows.keys()]).toEqual(['a', 'b']);
  });

  it('a_new_epoch_gives_the_difference_and_never_blank_rows', async () => {
    const { client, clock } = stage();
    const view = client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, [row('a', 5), row('b', 5)]);
    await clock.advance(20);
    const sizes: number[] = [];
    const changes: unknown[] = [];
    view.subscribe((change) => {
      sizes.push(view.rows.size);
      changes.push(change);
    });
    socket.say({ type: 'reset', topic: 7, reason: 'epoch' });
    socket.say({
      type: 'snapshot',
      topic: 7,
      epoch: 'f',
      position: 2,
      as_of: null,
      part: 0,
      last: true,
      rows: [row('a', 5), row('c', 2)],
    });
    await clock.advance(20);
    expect(sizes.every((size) => size === 2)).toBe(true);
    expect(changes).toContainEqual({ upserted: ['c'], removed: ['b'] });
    expect(view.epoch).toBe('f');
  });
});

describe('staleness', () => {
  it('stale_and_fresh_are_said_and_rows_stay_readable', async () => {
    const { client } = stage();
    const view = client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, [row('a', 5)]);
    socket.say({ type: 'stale', topic: 7, since: '2026-11-28T00:00:00Z', reason: 'paused', behind: 12 });
    expect(view.state).toBe('stale');
    expect(view.stale).toMatchObject({ reason: 'paused', behind: 12 });
    expect(view.rows.size).toBe(1);
    socket.say({ type: 'fresh', topic: 7 });
    expect(view.state).toBe('live');
  });

  it('an_open_socket_over_a_silent_projector_says_so', async () => {
    const { client, clock } = stage();
    const view = client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, [row('a', 5)]);
    for (let beat = 0; beat < 2; beat += 1) {
      await clock.advance(25_000);
      socket.say({ type: 'ping' });
    }
    expect(socket.of('pong')).toHaveLength(2);
    expect(view.state).toBe('stale');
    expect(view.stale?.reason).toBe('silent');
    socket.say({ type: 'progress', topic: 7, position: 9, as_of: null });
    expect(view.state).toBe('live');
    expect(view.position).toBe(9);
  });

  it('age_counts_by_itself_from_the_last_word', async () => {
    const { client, clock } = stage();
    const view = client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, []);
    const as_of = new Date(clock.now() - 180).toISOString();
    socket.say({ ...delta, base: 5, position: 6, as_of });
    expect(view.age_ms).toBe(180);
    await clock.advance(1_000);
    expect(view.age_ms).toBe(1_180);
  });
});

describe('at least', () => {
  it('resolves_by_a_delta_and_by_reached_and_rejects_in_time', async () => {
    const { client, clock } = stage();
    const view = client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, []);
    await view.atLeast(5);
    const byDelta = view.atLeast(6);
    expect(socket.of('wait')[0]).toMatchObject({ view: 'revenue', position: 6 });
    socket.say({ ...delta, base: 5, position: 6 });
    await byDelta;
    const byReached = view.atLeast(9);
    socket.say({ type: 'reached', id: socket.of('wait')[1]?.id ?? '', position: 9, ok: true });
    await byReached;
    const never = view.atLeast(99, 2_000);
    const failed = expect(never).rejects.toThrow('did not reach position 99');
    await clock.advance(2_001);
    await failed;
  });
});
