import { describe, expect, it } from 'vitest';
import { FakeSocket, greet, row, snapshot, stage, type Stage } from './fakes.js';

/** The socket fails twice before `welcome` and there are no streams: the client polls from here on. */
async function polling(self: Stage): Promise<void> {
  FakeSocket.last.die(1006);
  await self.clock.advance(300);
  FakeSocket.last.die(1006);
  await self.clock.advance(0);
}

function answer(position: number, rows = [row('a', position)], headers: Record<string, string> = {}): Response {
  const body = { epoch: 'e', position, as_of: null, rows, next: null };
  return new Response(JSON.stringify(body), { headers: { ETag: `"${position}"`, 'View-State': 'live', ...headers } });
}

function notModified(headers: Record<string, string>): Response {
  return new Response(null, { status: 304, headers });
}

describe('the ladder', () => {
  it('two_failures_before_welcome_lead_to_polling_with_the_same_view', async () => {
    const self = stage();
    const view = self.client.live('revenue', { from: '2026-11-28' });
    self.answer = () => answer(5);
    await polling(self);
    expect(self.client.status.transport).toBe('poll');
    expect(view.state).toBe('live');
    expect(view.position).toBe(5);
    const request = self.requests[0];
    expect(request?.url).toBe('http://server.test/v1/views/revenue?from=2026-11-28');
    expect(request?.headers.get('Authorization')).toBe('Bearer secret');
    expect(request?.headers.get('Prefer')).toBe('wait=20');
  });

  it('three_connections_that_died_within_ten_seconds_lead_one_rung_down', async () => {
    const self = stage();
    for (let life = 0; life < 3; life += 1) {
      await greet();
      FakeSocket.last.die(1006);
      if (life < 2) await self.clock.advance(9_000);
    }
    expect(self.client.status.transport).toBe('stream');
  });

  it('it_goes_upward_again_after_five_minutes_with_the_position_carried_over', async () => {
    const self = stage();
    self.client.live('revenue');
    self.answer = () => answer(5);
    await polling(self);
    const sockets = FakeSocket.all.length;
    await self.clock.advance(300_001);
    expect(FakeSocket.all).toHaveLength(sockets + 1);
    const socket = await greet();
    expect(socket.of('subscribe')[0]?.from).toBe('e.000000000005');
    const asked = self.requests.length;
    await self.clock.advance(20_000);
    expect(self.requests).toHaveLength(asked);
  });

  it('a_server_that_was_down_proves_nothing_against_sockets', async () => {
    const self = stage();
    self.streams = true;
    const view = self.client.live('revenue');
    await polling(self);
    expect(view.state).toBe('offline');
    expect(self.client.status.state).toBe('offline');
    await self.clock.advance(10_000);
    expect(self.client.status).toMatchObject({ transport: 'poll', state: 'offline' });
    self.answer = () => answer(5);
    await self.clock.advance(16_000);
    expect(self.client.status.transport).toBe('socket');
    expect(view.rows.size).toBe(1);
  });
});

describe('one view’s requests', () => {
  it('a_plain_answer_is_followed_up_after_five_seconds_give_or_take_a_tenth', async () => {
    const self = stage();
    self.client.live('revenue');
    self.answer = () => answer(5);
    self.random = 0;
    await polling(self);
    await self.clock.advance(4_400);
    expect(self.requests).toHaveLength(1);
    await self.clock.advance(200);
    expect(self.requests).toHaveLength(2);
    expect(self.requests[1]?.headers.get('If-None-Match')).toBe('"5"');
    expect(self.client.status.interval_ms).toBe(5_000);
  });

  it('a_request_that_waited_is_followed_up_soon', async () => {
    const self = stage();
    self.client.live('revenue');
    self.answer = () => answer(5, [], { 'Preference-Applied': 'wait=20' });
    await polling(self);
    await self.clock.advance(1_100);
    expect(self.requests).toHaveLength(2);
  });

  it('requests_never_overlap_and_each_has_a_deadline', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    self.answer = () => new Promise<Response>(() => undefined);
    await polling(self);
    await self.clock.advance(29_000);
    expect(self.requests).toHaveLength(1);
    await self.clock.advance(1_001);
    expect(view.state).toBe('offline');
  });

  it('retry_after_is_obeyed', async () => {
    const self = stage();
    self.client.live('revenue');
    self.answer = () => new Response(null, { status: 503, headers: { 'Retry-After': '17' } });
    await polling(self);
    await self.clock.advance(16_900);
    expect(self.requests).toHaveLength(1);
    await self.clock.advance(200);
    expect(self.requests).toHaveLength(2);
  });

  it('a_304_proves_freshness_only_by_its_headers', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    self.answer = (request) =>
      request.headers.has('If-None-Match')
        ? notModified({ 'View-State': 'paused', 'View-Position': 'e.000000000005' })
        : answer(5);
    await polling(self);
    await self.clock.advance(6_000);
    expect(view.state).toBe('stale');
    expect(view.stale?.reason).toBe('paused');
    self.answer = () => notModified({ 'View-State': 'live', 'View-Position': 'e.000000000009' });
    await self.clock.advance(6_000);
    expect(view.state).toBe('live');
    expect(view.position).toBe(9);
  });

  it('pages_of_different_positions_do_not_make_one_answer', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    const page = (position: number, rows: unknown[], next: string | null) =>
      new Response(JSON.stringify({ epoch: 'e', position, as_of: null, rows, next }));
    let second = 6;
    self.answer = (request) =>
      new URL(request.url).searchParams.get('next') === 'k'
        ? page(second, [row('b', 5)], null)
        : page(5, [row('a', 5)], 'k');
    await polling(self);
    expect(view.rows.size).toBe(0);
    second = 5;
    await self.clock.advance(1_000);
    expect([...view.rows.keys()]).toEqual(['a', 'b']);
  });

  it('a_position_that_is_awaited_is_insisted_on', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    self.answer = () => answer(5);
    await polling(self);
    self.answer = (request) => answer(Number(new URL(request.url).searchParams.get('min_position') ?? 0));
    const reached = view.atLeast(8);
    await self.clock.advance(1);
    await reached;
    expect(self.requests.at(-1)?.headers.get('If-None-Match')).toBeNull();
  });

  it('a_refused_token_is_renewed_once', async () => {
    let token = 'old';
    const self = stage({ getToken: ({ refresh }) => Promise.resolve(refresh ? (token = 'new') : token) });
    const view = self.client.live('revenue');
    self.answer = (request) =>
      request.headers.get('Authorization') === 'Bearer new' ? answer(5) : new Response(null, { status: 401 });
    await polling(self);
    await self.clock.advance(10);
    expect(view.state).toBe('live');
  });

  it('a_forbidden_view_is_not_asked_again', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    self.answer = () => new Response('{"type":"forbidden","status":403}', { status: 403 });
    await polling(self);
    await self.clock.advance(60_000);
    expect(self.requests).toHaveLength(1);
    expect(view.problem?.status).toBe(403);
  });
});

describe('a poll after a socket', () => {
  it('rows_stay_while_the_transport_changes', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, [row('a', 5)]);
    self.answer = () => answer(5, [row('a', 5)]);
    const sizes: number[] = [];
    view.subscribe(() => sizes.push(view.rows.size));
    for (let life = 0; life < 3; life += 1) {
      FakeSocket.last.die(1006);
      await self.clock.advance(5_000);
      if (self.client.status.transport === 'socket') await greet();
    }
    await self.clock.advance(1_000);
    expect(self.client.status.transport).toBe('poll');
    expect(sizes.every((size) => size === 1)).toBe(true);
    expect(view.state).toBe('live');
  });
});
