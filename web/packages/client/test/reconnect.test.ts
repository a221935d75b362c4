import { describe, expect, it } from 'vitest';
import { FakeSocket, greet, row, settle, snapshot, stage, welcome } from './fakes.js';

describe('coming back', () => {
  it('silence_for_heartbeat_and_eight_seconds_is_death_and_the_view_resumes_by_position', async () => {
    const { client, clock } = stage();
    const view = client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, [row('a', 5)]);
    await clock.advance(32_000);
    expect(FakeSocket.all).toHaveLength(1);
    await clock.advance(2_500);
    expect(socket.closedWith).toBe(1000);
    expect(view.rows.size).toBe(1);
    const next = await greet();
    expect(next).not.toBe(socket);
    expect(next.of('subscribe')[0]?.from).toBe('e.000000000005');
  });

  it('backoff_is_full_jitter_between_zero_and_a_doubling_ceiling', async () => {
    const self = stage();
    self.client.live('revenue');
    self.random = 0.5;
    await greet();
    await self.clock.advance(11_000);
    FakeSocket.last.die(1006);
    await self.clock.advance(249);
    expect(FakeSocket.all).toHaveLength(1);
    await self.clock.advance(2);
    expect(FakeSocket.all).toHaveLength(2);
    await greet();
    await self.clock.advance(11_000);
    FakeSocket.last.die(1006);
    await self.clock.advance(499);
    expect(FakeSocket.all).toHaveLength(2);
    await self.clock.advance(2);
    expect(FakeSocket.all).toHaveLength(3);
  });

  it('backoff_resets_only_after_thirty_seconds_of_life', async () => {
    const self = stage();
    await greet();
    await self.clock.advance(31_000);
    FakeSocket.last.die(1006);
    await self.clock.advance(251);
    expect(FakeSocket.all).toHaveLength(2);
    await greet();
    FakeSocket.last.say({ type: 'ping' });
    await self.clock.advance(31_000);
    FakeSocket.last.die(1006);
    await self.clock.advance(251);
    expect(FakeSocket.all).toHaveLength(3);
  });

  it('after_draining_it_comes_back_uniformly_inside_the_window', async () => {
    const self = stage();
    const socket = await greet();
    self.random = 0.25;
    socket.say({ type: 'draining', after_ms: 500, window_ms: 8_000 });
    socket.die(1012);
    await self.clock.advance(1_999);
    expect(FakeSocket.all).toHaveLength(1);
    await self.clock.advance(2);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('online_or_visible_tries_at_once', async () => {
    const self = stage();
    await greet();
    await self.clock.advance(11_000);
    self.random = 0.99;
    FakeSocket.last.die(1006);
    self.page('online');
    await settle();
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('a_clock_jump_doubts_everything_before_it_is_painted', async () => {
    const { client, clock } = stage();
    const view = client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, [row('a', 5)]);
    clock.jump(60_000);
    await clock.advance(0);
    expect(view.state).toBe('resyncing');
    expect(view.rows.size).toBe(1);
    await clock.advance(1);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('a_hidden_page_lets_go_after_five_minutes_and_resumes_when_seen', async () => {
    const { client, clock, page } = stage();
    client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, [row('a', 5)]);
    page('hidden');
    for (let minute = 0; minute < 10; minute += 1) {
      await clock.advance(30_001);
      socket.say({ type: 'ping' });
    }
    expect(socket.closedWith).toBe(1000);
    page('visible');
    const next = await greet();
    expect(next.of('subscribe')[0]?.from).toBe('e.000000000005');
  });

  it('pagehide_closes_and_pageshow_resumes', async () => {
    const { client, page } = stage();
    client.live('revenue');
    const socket = await greet();
    snapshot(socket, 7, 'e', 5, []);
    page('pagehide');
    expect(socket.closedWith).toBe(1000);
    page('pageshow');
    expect((await greet()).of('subscribe')[0]?.from).toBe('e.000000000005');
  });
});

describe('tokens and refusals', () => {
  it('a_bad_token_is_renewed_once_and_then_final', async () => {
    const asked: boolean[] = [];
    const getToken = ({ refresh }: { refresh: boolean }) => {
      asked.push(refresh);
      return Promise.resolve(`t${asked.length}`);
    };
    const { client, clock } = stage({ getToken });
    const view = client.live('revenue');
    await FakeSocket.last.open();
    FakeSocket.last.die(4501);
    await clock.advance(1);
    await FakeSocket.last.open();
    expect(FakeSocket.last.of('hello')[0]?.token).toBe('t2');
    FakeSocket.last.die(4501);
    await clock.advance(60_000);
    expect(asked).toEqual([false, true]);
    expect(client.status.state).toBe('refused');
    expect(view.problem?.status).toBe(401);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('a_token_is_renewed_on_the_open_socket_before_it_expires', async () => {
    const { clock } = stage({ getToken: ({ refresh }) => Promise.resolve(refresh ? 'new' : 'old') });
    const socket = FakeSocket.last;
    await socket.open();
    socket.say({
      ...welcome,
      type: 'welcome',
      connection: 'c',
      heartbeat_ms: 25_000,
      token_expires_at: new Date(clock.now() + 10_000).toISOString(),
    });
    await clock.advance(8_001);
    expect(socket.of('auth')).toEqual([{ type: 'auth', token: 'new' }]);
  });

  it('a_forbidden_view_says_so_and_the_others_go_on', async () => {
    const { client } = stage();
    const denied = client.live('commission');
    const allowed = client.live('revenue');
    const socket = await greet();
    const [first] = socket.of('subscribe');
    socket.say({ type: 'error', id: first?.id, problem: { type: 'forbidden', title: 'Forbidden', status: 403 } });
    snapshot(socket, 7, 'e', 5, []);
    expect(denied.state).toBe('offline');
    expect(denied.problem?.status).toBe(403);
    expect(allowed.state).toBe('live');
  });

  it('a_busy_server_is_asked_again', async () => {
    const { client, clock } = stage();
    client.live('revenue');
    const socket = await greet();
    socket.say({
      type: 'error',
      id: socket.of('subscribe')[0]?.id,
      problem: { type: 'busy', title: 'Busy', status: 503 },
    });
    await clock.advance(600);
    expect(socket.of('subscribe')).toHaveLength(2);
  });
});
