import { describe, expect, it } from 'vitest';
import { Hub, type Line } from '../src/hub.js';
import { FakeClock, FakeSocket, row, settle, stage, welcome, type Stage } from './fakes.js';

/** Two ends of a message port; what is sent is cloned, as a browser would. */
function ports(): [Line, Line] {
  const make = (): Line => ({ onmessage: null, postMessage: () => undefined, close: () => undefined });
  const [a, b] = [make(), make()];
  const send = (to: Line) => (message: unknown) => {
    const data = structuredClone(message);
    queueMicrotask(() => to.onmessage?.call(to as MessagePort, { data } as MessageEvent));
  };
  a.postMessage = send(b);
  b.postMessage = send(a);
  return [a, b];
}

function tokenOf(sub: string): string {
  return `h.${btoa(JSON.stringify({ sub, tenant: 'main', scope: 'view:*', exp: 1 }))}.s`;
}

interface Browser {
  readonly clock: FakeClock;
  readonly crash: (tab: Stage) => void;
  tab: (who?: string) => Promise<Stage>;
}

/** One browser: a worker for each person, and any number of tabs. */
function browser(): Browser {
  const clock = new FakeClock();
  const workers = new Map<string, Hub>();
  const leaves = new Map<Stage, () => void>();
  FakeSocket.all = [];
  const tab = async (sub = 'U1'): Promise<Stage> => {
    let leave: (() => void) | undefined;
    const sockets = FakeSocket.all;
    const self = stage({
      clock,
      token: tokenOf(sub),
      share: (who) => {
        const hub = workers.get(who) ?? new Hub((url) => new FakeSocket(url, []), clock);
        workers.set(who, hub);
        const [near, far] = ports();
        leave = hub.join(far);
        return near;
      },
    });
    FakeSocket.all = sockets;
    leaves.set(self, () => leave?.());
    await settle();
    return self;
  };
  return { clock, tab, crash: (self) => leaves.get(self)?.() };
}

async function greeted(): Promise<FakeSocket> {
  const socket = FakeSocket.last;
  await socket.open();
  socket.say(welcome);
  await settle();
  return socket;
}

/** Answers the newest subscription. */
async function answer(socket: FakeSocket, mode: 'snapshot' | 'resume', position: number): Promise<void> {
  const id = socket.of('subscribe').at(-1)?.id ?? '';
  socket.say({ type: 'subscribed', id, topic: 7, mode, epoch: 'e', position, version: 1 });
  if (mode === 'snapshot')
    socket.say({
      type: 'snapshot',
      topic: 7,
      epoch: 'e',
      position,
      as_of: null,
      part: 0,
      last: true,
      rows: [row('a', position)],
    });
  await settle();
}

const delta = { type: 'delta' as const, topic: 7, as_of: null, upsert: [], remove: [], folded: 1 };

describe('tabs of one browser', () => {
  it('share_one_socket_and_one_subscription_for_one_question', async () => {
    const { tab } = browser();
    const [one, two] = [await tab(), await tab()];
    const views = [one.client.live('revenue'), two.client.live('revenue')];
    await settle();
    expect(FakeSocket.all).toHaveLength(1);
    const socket = await greeted();
    expect(socket.of('hello')).toHaveLength(1);
    const [first, second] = socket.of('subscribe');
    expect(socket.of('unsubscribe').map(({ id }) => id)).toEqual([first?.id]);
    expect(second?.id).not.toBe(first?.id);
    await answer(socket, 'snapshot', 5);
    socket.say({ ...delta, base: 5, position: 6, upsert: [row('b', 6)] });
    await settle();
    for (const view of views) {
      expect(view.state).toBe('live');
      expect([...view.rows.keys()]).toEqual(['a', 'b']);
    }
    expect(one.client.status).toMatchObject({ transport: 'socket', state: 'open', shared: true });
  });

  it('a_late_tab_is_welcomed_at_once_and_hurts_no_other', async () => {
    const { tab } = browser();
    const one = (await tab()).client.live('revenue');
    const socket = await greeted();
    await answer(socket, 'snapshot', 5);
    const two = (await tab()).client.live('revenue');
    await settle();
    await answer(socket, 'snapshot', 6);
    expect([one.position, two.position]).toEqual([6, 6]);
    expect([one.state, two.state]).toEqual(['live', 'live']);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('a_tab_that_closes_or_crashes_takes_only_its_own_questions_along_and_the_last_one_the_socket', async () => {
    const { tab, crash } = browser();
    const [one, two] = [await tab(), await tab()];
    one.client.live('revenue');
    two.client.live('commission');
    const socket = await greeted();
    one.client.close();
    await settle();
    const asked = socket.of('subscribe').find(({ view }) => view === 'revenue');
    expect(socket.of('unsubscribe').map(({ id }) => id)).toEqual([asked?.id]);
    expect(socket.closedWith).toBeUndefined();
    crash(two);
    await settle();
    expect(socket.closedWith).toBe(1000);
  });

  it('the_end_of_the_socket_is_everybodys_and_they_come_back_to_one', async () => {
    const { tab, clock } = browser();
    const [one, two] = [await tab(), await tab()];
    const views = [one.client.live('revenue'), two.client.live('revenue')];
    const socket = await greeted();
    await answer(socket, 'snapshot', 5);
    await clock.advance(11_000);
    socket.die(1006);
    await settle();
    expect(views.map(({ state }) => state)).toEqual(['resyncing', 'resyncing']);
    await clock.advance(600);
    expect(FakeSocket.all).toHaveLength(2);
    const next = await greeted();
    expect(next.of('subscribe').every(({ from }) => from === 'e.000000000005')).toBe(true);
    await answer(next, 'resume', 5);
    expect(views.map(({ state }) => state)).toEqual(['live', 'live']);
  });

  it('one_tab_that_looks_keeps_the_pace_for_all', async () => {
    const { tab, clock } = browser();
    const [one, two] = [await tab(), await tab()];
    one.client.live('revenue');
    two.client.live('revenue');
    const socket = await greeted();
    one.page('hidden');
    await clock.advance(10_001);
    expect(socket.of('subscribe').at(-1)?.max_hz).toBeUndefined();
    two.page('hidden');
    await clock.advance(10_001);
    expect(socket.of('subscribe').at(-1)?.max_hz).toBe(0.2);
  });

  it('a_wait_is_answered_to_whoever_waits', async () => {
    const { tab } = browser();
    const [one, two] = [await tab(), await tab()];
    const view = one.client.live('revenue');
    two.client.live('revenue');
    const socket = await greeted();
    await answer(socket, 'snapshot', 5);
    const reached = view.atLeast(9);
    await settle();
    const [wait] = socket.of('wait');
    expect(wait).toMatchObject({ view: 'revenue', position: 9 });
    socket.say({ type: 'reached', id: wait?.id ?? '', position: 9, ok: true });
    await reached;
  });

  it('a_refused_question_is_everybodys_refusal_and_is_forgotten', async () => {
    const { tab, clock } = browser();
    const [one, two] = [await tab(), await tab()];
    const views = [one.client.live('revenue'), two.client.live('revenue')];
    const socket = await greeted();
    const id = socket.of('subscribe').at(-1)?.id ?? '';
    socket.say({ type: 'error', id, problem: { type: 'busy', title: 'Busy', status: 503 } });
    await clock.advance(600);
    expect(socket.of('unsubscribe')).toHaveLength(2);
    await answer(socket, 'snapshot', 5);
    expect(views.map(({ state }) => state)).toEqual(['live', 'live']);
  });

  it('many_tabs_that_come_back_at_once_do_not_flood_the_server', async () => {
    const { tab, clock } = browser();
    for (let at = 0; at < 6; at += 1) {
      const { client } = await tab();
      for (let view = 0; view < 10; view += 1) client.live('revenue', { channel: String(view) });
    }
    const socket = await greeted();
    expect(socket.sent.length).toBeLessThanOrEqual(40);
    const before = socket.sent.length;
    await clock.advance(1_000);
    expect(socket.sent.length - before).toBeLessThanOrEqual(20);
    await clock.advance(10_000);
    expect(new Set(socket.of('subscribe').map(({ params }) => params['channel'])).size).toBe(10);
  });
});

describe('what is not shared', () => {
  it('people_never_share_a_socket', async () => {
    const { tab } = browser();
    await tab('U1');
    await tab('U2');
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('without_a_worker_that_answers_each_tab_has_its_own', async () => {
    const clock = new FakeClock();
    const { client } = stage({
      clock,
      token: tokenOf('U1'),
      share: (_who, onLost) => (queueMicrotask(onLost), ports()[0]),
    });
    await settle();
    expect(FakeSocket.all).toHaveLength(1);
    await greeted();
    expect(client.status).toMatchObject({ state: 'open', shared: false });
    const silent = stage({ clock, token: tokenOf('U1'), share: () => ports()[0] });
    await clock.advance(10_001);
    expect(FakeSocket.all).toHaveLength(1);
    await greeted();
    expect(silent.client.status).toMatchObject({ state: 'open', shared: false });
  });
});
