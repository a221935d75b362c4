/** Views over one WebSocket: hello, heartbeat, resume by position, calm reconnects. Knows frames, not rows. */
import { Backoff } from './backoff.js';
import { letGo, type Clock, type SocketLike } from './environment.js';
import { Subscriptions } from './subscriptions.js';
import type { LinkState, LinkStatus, Transport, TransportOptions } from './transport.js';
import type { View } from './view.js';
import { sdkVersion, subprotocol, type ClientFrame, type ServerFrame } from './wire.js';
import { LineSocket } from './worker.js';

const welcomeDeadline_ms = 10_000;
const deadAfter_ms = 8_000;
const calmAfter_ms = 30_000;
const shortLife_ms = 10_000;
const awaitDeadline_ms = 10_000;
const timerAtMost_ms = 2 ** 31 - 1;
/** The pace while nobody looks, and up to how many views may change theirs without flooding the server. */
const slow_hz = 0.2;
const pacedAtMost = 16;

/** What the codes that mean stop would be over HTTP. */
const statusOf: Readonly<Record<number, number>> = { 4501: 401, 4503: 403, 4513: 429 };

/** Hopeless after two failures before `welcome`, or three connections that died within ten seconds. */
export class SocketTransport implements Transport {
  status: LinkStatus = { transport: 'socket', state: 'connecting' };
  readonly #options: TransportOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #views = new Set<View>();
  readonly #timers = new Map<unknown, unknown>();
  readonly #backoff: Backoff;
  #subscriptions: Subscriptions | undefined;
  #socket: SocketLike | undefined;
  #welcomed_ms: number | undefined;
  #silence_ms = welcomeDeadline_ms;
  #drainWindow_ms: number | undefined;
  #unwelcome = 0;
  #shortLives = 0;
  #freshToken = false;
  #opened = false;
  #alone = false;
  #max_hz: number | undefined;

  constructor(options: TransportOptions) {
    const { clock, random } = options.http.environment;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#backoff = new Backoff(random);
  }

  start(views: Iterable<View>): void {
    for (const view of views) this.#views.add(view);
    this.#connect();
  }

  add(view: View): void {
    this.#views.add(view);
    this.#subscriptions?.subscribe(view);
  }

  remove(view: View): void {
    this.#views.delete(view);
    this.#subscriptions?.unsubscribe(view);
  }

  hurry(view: View, position: number, timeout_ms: number): void {
    this.#subscriptions?.wait(view, position, timeout_ms);
  }

  slow(on: boolean): void {
    this.#max_hz = on ? slow_hz : undefined;
    if (this.#views.size <= pacedAtMost) this.#subscriptions?.pace(this.#max_hz);
  }

  retryNow(): void {
    if (this.status.state !== 'waiting' && this.status.state !== 'offline') return;
    this.#backoff.reset();
    this.#connect();
  }

  distrust(): void {
    if (this.#welcomed_ms === undefined) return;
    this.#drainWindow_ms = 0;
    this.#closed(1006);
  }

  stop(): void {
    this.#detach();
    this.#enter('offline', 'resyncing');
    this.#views.clear();
  }

  #connect(): void {
    this.#detach();
    this.#enter('connecting');
    const socket = this.#open();
    if (socket === undefined) return this.#options.onHopeless();
    this.#socket = socket;
    this.#opened = false;
    this.#silence_ms = welcomeDeadline_ms;
    socket.onopen = () => void this.#hello(socket);
    socket.onmessage = ({ data }: { data: unknown }) => this.#received(JSON.parse(String(data)) as ServerFrame);
    socket.onclose = ({ code }: { code: number }) => this.#closed(code);
    this.#beat();
  }

  /** The socket that all tabs share, where they can; else one of one's own. */
  #open(): SocketLike | undefined {
    const { http } = this.#options;
    const { share, WebSocket } = http.environment;
    const url = `${http.url.replace(/^http/, 'ws')}/v1/live`;
    const shared = share !== undefined && !this.#alone;
    this.status = { ...this.status, shared };
    if (shared) return new LineSocket(url, share, http.token());
    return WebSocket && new WebSocket(url, [subprotocol]);
  }

  /** The token goes into the first message, never into the address. */
  async #hello(socket: SocketLike): Promise<void> {
    this.#opened = true;
    try {
      const token = await this.#options.http.token();
      socket.send(JSON.stringify({ type: 'hello', sdk: `plimsoll-client/${sdkVersion}`, token }));
    } catch {
      if (this.#socket === socket) this.#closed(1006);
    }
  }

  #received(frame: ServerFrame): void {
    this.#beat();
    switch (frame.type) {
      case 'welcome':
        return this.#welcome(frame);
      case 'ping':
        this.#subscriptions?.silent(this.#clock.now() - this.#silence_ms);
        return this.#send({ type: 'pong' });
      case 'draining':
        this.#drainWindow_ms = frame.window_ms;
        return;
      case 'reached':
        return this.#subscriptions?.reached(frame);
      case 'unsubscribed':
      case 'error':
        if (frame.id !== undefined && frame.problem !== undefined) this.#subscriptions?.failed(frame.id, frame.problem);
        return;
      default:
        this.#subscriptions?.topic(frame);
    }
  }

  #welcome({ heartbeat_ms, reconnect, token_expires_at }: Extract<ServerFrame, { type: 'welcome' }>): void {
    const now = this.#clock.now();
    this.#welcomed_ms = now;
    this.#silence_ms = heartbeat_ms + deadAfter_ms;
    this.#unwelcome = 0;
    this.#freshToken = false;
    Object.assign(this.#backoff, reconnect);
    this.#enter('open');
    this.#beat();
    this.#after('calm', calmAfter_ms, () => {
      this.#backoff.reset();
      this.#shortLives = 0;
    });
    this.#renewWithin(Date.parse(token_expires_at ?? '') - now);
    const subscriptions = new Subscriptions(
      (frame) => this.#send(frame),
      (view) => this.#after(view, this.#backoff.next_ms(), () => subscriptions.subscribe(view)),
    );
    this.#subscriptions = subscriptions;
    subscriptions.max_hz = this.#max_hz;
    for (const view of this.#views) {
      subscriptions.subscribe(view);
      if (view.awaited !== undefined) subscriptions.wait(view, view.awaited, awaitDeadline_ms);
    }
  }

  /** A new token is sent on the open socket when four fifths of the old one's life are over. */
  #renewWithin(life_ms: number): void {
    if (!(life_ms > 0)) return;
    this.#after('renew', Math.min(life_ms * 0.8, timerAtMost_ms), () => {
      this.#options.http.token(true).then(
        (token) => token !== undefined && this.#send({ type: 'auth', token }),
        () => this.#renewWithin(life_ms / 5),
      );
    });
  }

  /** Longer silence than the heartbeat allows is death. */
  #beat(): void {
    this.#after('beat', this.#silence_ms, () => this.#closed(1006));
  }

  #closed(code: number): void {
    const lived_ms = this.#welcomed_ms === undefined ? undefined : this.#clock.now() - this.#welcomed_ms;
    const drainWindow_ms = this.#drainWindow_ms ?? (code === 1012 ? this.#backoff.max_ms : undefined);
    this.#detach();
    if (this.status.shared && !this.#opened) {
      this.#alone = true;
      return this.#connect();
    }
    if (code >= 4500 && code <= 4999) return this.#refused(code);
    if (drainWindow_ms !== undefined && lived_ms !== undefined)
      return this.#retryAfter(this.#random() * drainWindow_ms, 'waiting');
    if (code === 4001) this.#renew();
    if (lived_ms === undefined) this.#unwelcome += 1;
    else if (lived_ms < shortLife_ms) this.#shortLives += 1;
    this.#retryAfter(this.#backoff.next_ms(), lived_ms === undefined ? 'offline' : 'waiting');
    if (this.#unwelcome >= 2 || this.#shortLives >= 3) this.#options.onHopeless();
  }

  /** The server does not want this client; a token it has not seen yet is the only thing worth another try. */
  #refused(code: number): void {
    if (code === 4501 && !this.#freshToken) {
      this.#freshToken = true;
      this.#renew();
      return this.#retryAfter(0, 'waiting');
    }
    this.#enter('refused');
    for (const view of this.#views) view.refuse({ type: `close-${code}`, status: statusOf[code] ?? 400 });
  }

  #renew(): void {
    this.#options.http.token(true).catch(() => undefined);
  }

  #retryAfter(delay_ms: number, state: 'waiting' | 'offline'): void {
    this.#enter(state, state === 'offline' ? state : 'resyncing');
    this.#after('retry', delay_ms, () => this.#connect());
  }

  #detach(): void {
    letGo(this.#socket);
    this.#socket = this.#subscriptions = this.#welcomed_ms = this.#drainWindow_ms = undefined;
    for (const timer of this.#timers.values()) this.#clock.clearTimeout(timer);
  }

  #send(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  #enter(state: LinkState, views?: 'resyncing' | 'offline'): void {
    if (views !== undefined) for (const view of this.#views) view.enter(views);
    this.status = { ...this.status, state };
    this.#options.onState();
  }

  #after(name: unknown, delay_ms: number, task: () => void): void {
    this.#clock.clearTimeout(this.#timers.get(name));
    this.#timers.set(name, this.#clock.setTimeout(task, delay_ms));
  }
}
