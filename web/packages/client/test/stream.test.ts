import { describe, expect, it } from 'vitest';
import { heldAtMost } from '../src/requests.js';
import { FakeSocket, greet, row, settle, snapshot, stage, type Stage } from './fakes.js';

/** A stream of events that the test writes piece by piece. */
class FakeStream {
  readonly response: Response;
  #out: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(request: Request) {
    const body = new ReadableStream<Uint8Array>({ start: (out) => void (this.#out = out) });
    request.signal.addEventListener('abort', () => this.#out?.error(new Error('aborted')));
    this.response = new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
  }

  async write(text: string): Promise<void> {
    this.#out?.enqueue(new TextEncoder().encode(text));
    await turns();
  }

  say(frame: object): Promise<void> {
    return this.write(`retry: 1000\ndata: ${JSON.stringify({ topic: 3, ...frame })}\nid: e.1\n\n`);
  }

  end(): Promise<void> {
    this.#out?.close();
    return turns();
  }
}

/** The pipe through the decoder takes turns of its own. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve));
}

/** The socket fails twice; what was live on it goes on over streams. */
async function streaming(self: Stage): Promise<FakeStream[]> {
  const streams: FakeStream[] = [];
  self.streams = true;
  self.answer = (request) => {
    const stream = new FakeStream(request);
    streams.push(stream);
    return stream.response;
  };
  for (let failure = 0; failure < 2; failure += 1) {
    FakeSocket.last.die(1006);
    await self.clock.advance(600);
  }
  return streams;
}

function at(streams: FakeStream[], index: number): FakeStream {
  const stream = streams.at(index);
  if (stream === undefined) throw new Error('no such stream');
  return stream;
}

const whole = { type: 'snapshot', epoch: 'e', position: 5, as_of: null, part: 0, last: true, rows: [row('a', 5)] };
const delta = { type: 'delta', as_of: null, upsert: [], remove: [], folded: 1 };

describe('the rung below the socket', () => {
  it('is_an_event_stream_with_the_token_in_its_header', async () => {
    const self = stage();
    const view = self.client.live('revenue', { from: '2026-11-28' });
    const streams = await streaming(self);
    expect(self.client.status.transport).toBe('stream');
    const request = self.requests[0];
    expect(request?.url).toBe('http://server.test/v1/views/revenue/changes?from=2026-11-28');
    expect(request?.headers.get('Accept')).toBe('text/event-stream');
    expect(request?.headers.get('Authorization')).toBe('Bearer secret');
    await at(streams, 0).say(whole);
    expect(view.state).toBe('live');
    await at(streams, 0).say({ ...delta, base: 5, position: 6, upsert: [row('b', 6)] });
    expect([...view.rows.keys()]).toEqual(['a', 'b']);
    expect(view.position).toBe(6);
  });

  it('goes_on_from_the_position_of_the_socket_without_a_new_snapshot_and_back_again', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    snapshot(await greet(), 7, 'e', 5, [row('a', 5)]);
    await self.clock.advance(11_000);
    FakeSocket.last.die(1006);
    await self.clock.advance(300);
    const streams = await streaming(self);
    expect(new URL(self.requests[0]?.url ?? '').searchParams.get('from')).toBe('e.000000000005');
    expect(view.state).toBe('resyncing');
    await at(streams, 0).say({ ...delta, base: 5, position: 8, upsert: [row('b', 8)] });
    expect(view.state).toBe('live');
    for (let beat = 0; beat < 12; beat += 1) {
      await self.clock.advance(25_000);
      if (beat < 11) await at(streams, -1).say({ type: 'progress', position: 8, as_of: null });
    }
    const socket = await greet();
    expect(socket.of('subscribe')[0]?.from).toBe('e.000000000008');
    expect([...view.rows.keys()]).toEqual(['a', 'b']);
  });

  it('a_frame_cut_in_pieces_is_one_frame', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    const streams = await streaming(self);
    const text = `data: ${JSON.stringify({ topic: 3, ...whole })}\n\n`;
    for (const piece of [text.slice(0, 9), text.slice(9, 60), text.slice(60)]) await at(streams, 0).write(piece);
    expect(view.state).toBe('live');
    expect(view.rows.size).toBe(1);
  });

  it('a_hole_asks_again_from_what_one_has', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    const streams = await streaming(self);
    await at(streams, 0).say(whole);
    await at(streams, 0).say({ ...delta, base: 7, position: 8, upsert: [row('z', 8)] });
    await self.clock.advance(1);
    expect(view.rows.has('z')).toBe(false);
    expect(new URL(self.requests.at(-1)?.url ?? '').searchParams.get('from')).toBe('e.000000000005');
  });

  it('stale_is_said_and_a_projector_of_which_nothing_is_said_is_doubted', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    const streams = await streaming(self);
    await at(streams, 0).say(whole);
    await at(streams, 0).say({ type: 'stale', reason: 'paused', since: '2026-11-28T00:00:00Z', behind: 3 });
    expect(view.stale?.reason).toBe('paused');
    await at(streams, 0).say({ type: 'fresh' });
    expect(view.state).toBe('live');
    for (let beat = 0; beat < 2; beat += 1) {
      await self.clock.advance(25_000);
      await at(streams, 0).write(':\n\n');
    }
    expect(view.stale?.reason).toBe('silent');
  });

  it('a_stream_that_ends_is_taken_up_again_from_its_position', async () => {
    const self = stage();
    const view = self.client.live('revenue');
    const streams = await streaming(self);
    await at(streams, 0).say(whole);
    await at(streams, 0).end();
    expect(view.state).toBe('resyncing');
    expect(view.rows.size).toBe(1);
    await self.clock.advance(600);
    expect(streams).toHaveLength(2);
    expect(new URL(self.requests.at(-1)?.url ?? '').searchParams.get('from')).toBe('e.000000000005');
  });
});

describe('the rung below the stream', () => {
  it('is_polling_where_no_word_of_a_stream_comes_through', async () => {
    const self = stage();
    self.client.live('revenue');
    await streaming(self);
    await self.clock.advance(33_001);
    expect(self.client.status.transport).toBe('stream');
    await self.clock.advance(40_000);
    expect(self.client.status.transport).toBe('poll');
  });

  it('is_polling_at_once_where_something_else_than_a_stream_is_answered', async () => {
    const self = stage();
    self.client.live('revenue');
    self.streams = true;
    self.answer = () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } });
    for (let failure = 0; failure < 2; failure += 1) {
      FakeSocket.last.die(1006);
      await self.clock.advance(300);
    }
    expect(self.client.status.transport).toBe('poll');
  });

  it('more_views_than_a_browser_holds_connections_for_are_polled', async () => {
    const self = stage();
    for (let view = 0; view < heldAtMost + 2; view += 1) self.client.live('revenue', { channel: String(view) });
    await streaming(self);
    await settle();
    const streams = self.requests.filter((request) => request.url.includes('/changes'));
    expect(streams).toHaveLength(heldAtMost);
    const polls = self.requests.filter((request) => !request.url.includes('/changes'));
    expect(polls).toHaveLength(2);
    expect(polls.every((request) => request.headers.get('Prefer') === null)).toBe(true);
  });
});
