import { describe, expect, it } from 'vitest';
import { FakeSocket, greet, row, snapshot, stage } from './fakes.js';

const delta = { type: 'delta' as const, topic: 7, as_of: null, upsert: [], remove: [], folded: 1 };
const accepted = { position: 8, epoch: 'e', stream: 'order-O1', version: 1, events: ['OrderPlaced'] };

describe('a page that paints', () => {
  it('is_told_once_a_frame_of_all_that_changed', async () => {
    const { client, clock } = stage();
    const view = client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, [row('a', 5)]);
    await clock.advance(20);
    const told: unknown[] = [];
    view.subscribe((change) => told.push(change));
    for (let at = 5; at < 105; at += 1)
      socket.say({ ...delta, base: at, position: at + 1, upsert: [row(at % 2 === 0 ? 'b' : 'c', at + 1)] });
    socket.say({ ...delta, base: 105, position: 106, remove: ['a', 'c'] });
    expect(told).toEqual([]);
    await clock.advance(16);
    expect(told).toEqual([{ upserted: ['b'], removed: ['c', 'a'] }]);
  });
});

describe('an optimistic value', () => {
  it('is_shown_until_the_position_of_its_command_arrives', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, [row('a', 5, { n: 1 })]);
    self.answer = () => new Response(JSON.stringify(accepted), { status: 202 });
    const sent = view.optimistic([row('a', 5, { n: 2 })], self.client.command('orders', 'PlaceOrder', {}));
    expect(view.rows.get('a')?.['n']).toBe(2);
    await self.clock.advance(1);
    socket.say({ ...delta, base: 5, position: 7, upsert: [row('a', 7, { n: 7 })] });
    expect(view.rows.get('a')?.['n']).toBe(2);
    socket.say({ ...delta, base: 7, position: 8, upsert: [row('a', 8, { n: 3 })] });
    expect(await sent).toMatchObject({ state: 'accepted' });
    expect(view.rows.get('a')?.['n']).toBe(3);
  });

  it('goes_when_the_command_is_refused_or_lost', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    snapshot(await greet(), 7, 'e', 5, [row('a', 5, { n: 1 })]);
    self.answer = () => new Response('{"type":"refused"}', { status: 422 });
    await view.optimistic([row('b', 5)], self.client.command('orders', 'PlaceOrder', {}));
    expect([...view.rows.keys()]).toEqual(['a']);
    self.answer = () => {
      throw new TypeError('network');
    };
    const lost = await view.optimistic([row('b', 5)], self.client.command('orders', 'PlaceOrder', {}));
    expect(lost.state).toBe('unknown');
    expect([...view.rows.keys()]).toEqual(['a']);
  });
});

describe('a hidden page', () => {
  it('asks_for_fewer_frames_after_ten_seconds_and_for_all_when_it_is_seen', async () => {
    const { client, clock, page } = stage();
    const view = client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, [row('a', 5)]);
    page('hidden');
    await clock.advance(9_000);
    expect(socket.of('subscribe')).toHaveLength(1);
    await clock.advance(1_001);
    const slow = socket.of('subscribe')[1];
    expect(slow).toMatchObject({ max_hz: 0.2, from: 'e.000000000005' });
    expect(view.state).toBe('live');
    page('visible');
    const quick = socket.of('subscribe')[2];
    expect(quick?.from).toBe('e.000000000005');
    expect(quick?.max_hz).toBeUndefined();
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('a_glance_elsewhere_changes_nothing', async () => {
    const { client, clock, page } = stage();
    client.live('revenue');
    const socket = await greet();
    page('hidden');
    await clock.advance(5_000);
    page('visible');
    await clock.advance(20_000);
    expect(socket.of('subscribe')).toHaveLength(1);
  });
});
