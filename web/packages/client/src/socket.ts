/** Views over one WebSocket: hello, heartbeat, resume by position, calm reconnects. Knows frames, not rows. */
import { Backoff } from './backoff.js';
import type { Environment, SocketLike } from './environment.js';
import { Subscriptions } from './subscriptions.js';
import type { Tokens } from './tokens.js';
import type { LinkState, Transport } from './transport.js';
import type { View } from './view.js';
import { subprotocol, type ClientFrame, type ServerFrame } from './wire.js';

const welcomeDeadline_ms = 10_000;
const deadAfter_ms = 8_000;
const calmAfter_ms = 30_000;
const shortLife_ms = 10_000;
const awaitDeadline_ms = 10_000;

export interface SocketOptions {
  readonly environment: Environment;
  readonly url: string;
  readonly sdk: string;
  readonly tokens: Tokens;
  readonly onState: () => void;
  /** Sockets do not work here: two failures before `welcome`, or three connections that died within ten seconds. */
  readonly onHopeless: () => void;
}

export class SocketTransport implements Transport {
  readonly kind = 'socket';
  state: LinkState = 'connecting';
  readonly #options: SocketOptions;
  readonly #views = new Set<View>();
  readonly #backoff: Backoff;
  #subscriptions: Subscriptions;
  #socket: SocketLike | undefined;
  #welcomed_ms: number | undefined;
  #heard_ms = 0;
  #heartbeat_ms = 25_000;
  #drainWindow_ms: number | undefined;
  #failures = { beforeWelcome: 0, shortLives: 0 };
  #freshToken = false;
  #timers = new Map<string, unknown>();

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.environment.random);
    this.#subscriptions = this.#newSubscriptions();
  }

  start(views: Iterable<View>): void {
    for (const view of views) this.#views.add(view);
    void this.#connect();
  }

  add(view: View): void {
    this.#views.add(view);
    if (this.#welcomed_ms !== undefined) this.#subscriptions.subscribe(view);
  }

  remove(view: View): void {
    this.#views.delete(view);
    if (this.#welcomed_ms !== undefined) this.#subscriptions.unsubscribe(view);
  }

  hurry(view: View, position: number, timeout_ms: number): void {
    if (this.#welcomed_ms !== undefined) this.#subscriptions.wait(view, position, timeout_ms);
  }

  retryNow(): void {
    if (this.state !== 'waiting' && this.state !== 'offline') return;
    this.#backoff.reset();
    void this.#connect();
  }

  distrust(): void {
    if (this.#welcomed_ms === undefined) return;
    this.#drainWindow_ms = 0;
    this.#closed(1006);
  }

  stop(): void {
    this.#detach(1000);
    for (const timer of this.#timers.values()) this.#options.environment.clock.clearTimeout(timer);
    this.#timers.clear();
    for (const view of this.#views) view.enter('resyncing');
    this.#views.clear();
    this.#enter('offline');
  }

  async #connect(): Promise<void> {
    this.#cancel('retry');
    this.#detach(1000);
    this.#enter('connecting');
    const { WebSocket } = this.#options.environment;
    if (WebSocket === undefined) return this.#options.onHopeless();
    const socket = new WebSocket(this.#options.url, [subprotocol]);
    this.#socket = socket;
    socket.onopen = () => void this.#hello(socket);
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#received(String(event.data));
    };
    socket.onclose = (event) => {
      if (this.#socket === socket) this.#closed(event.code);
    };
    socket.onerror = null;
    this.#after('welcome', welcomeDeadline_ms, () => this.#closed(1006));
  }

  /** The token goes into the first message, never into the address. */
  async #hello(socket: SocketLike): Promise<void> {
    try {
      const token = await this.#options.tokens.get();
      if (this.#socket !== socket) return;
      this.#send({ type: 'hello', sdk: this.#options.sdk, ...(token === undefined ? {} : { token }) });
    } catch {
      if (this.#socket === socket) this.#closed(1006);
    }
  }

  #received(text: string): void {
    this.#heard_ms = this.#options.environment.clock.now();
    const frame = JSON.parse(text) as ServerFrame;
    switch (frame.type) {
      case 'welcome':
        return this.#welcome(frame);
      case 'ping':
        return this.#send({ type: 'pong' });
      case 'draining':
        this.#drainWindow_ms = frame.window_ms;
        return;
      case 'subscribed':
        return this.#subscriptions.subscribed(frame);
      case 'reached':
        return this.#subscriptions.reached(frame);
      case 'unsubscribed':
        if (frame.problem !== undefined) this.#subscriptions.failed(frame.id, frame.problem);
        return;
      case 'error':
        if (frame.id !== undefined) this.#subscriptions.failed(frame.id, frame.problem);
        return;
      default:
        return this.#subscriptions.topic(frame);
    }
  }

  #welcome(frame: Extract<ServerFrame, { type: 'welcome' }>): void {
    const now = this.#options.environment.clock.now();
    this.#cancel('welcome');
    this.#welcomed_ms = now;
    this.#heartbeat_ms = frame.heartbeat_ms;
    this.#failures.beforeWelcome = 0;
    this.#freshToken = false;
    this.#drainWindow_ms = undefined;
    this.#backoff.min_ms = frame.reconnect?.min_ms ?? this.#backoff.min_ms;
    this.#backoff.max_ms = frame.reconnect?.max_ms ?? this.#backoff.max_ms;
    this.#enter('open');
    this.#after('calm', calmAfter_ms, () => {
      this.#backoff.reset();
      this.#failures.shortLives = 0;
    });
    this.#renewBefore(Date.parse(frame.token_expires_at ?? ''), now);
    this.#beat();
    this.#subscriptions = this.#newSubscriptions();
    for (const view of this.#views) {
      this.#subscriptions.subscribe(view);
      if (view.awaited !== undefined) this.#subscriptions.wait(view, view.awaited, awaitDeadline_ms);
    }
  }

  /** Ids and topics belong to one connection. */
  #newSubscriptions(): Subscriptions {
    const again = (view: View) => () => {
      if (this.#views.has(view)) this.add(view);
    };
    return new Subscriptions(
      this.#options.environment.clock,
      (frame) => this.#send(frame),
      (view) => this.#after(`${view.name} ${JSON.stringify(view.params)}`, this.#backoff.next_ms(), again(view)),
    );
  }

  /** A new token is sent on the open socket when four fifths of the old one's life are over. */
  #renewBefore(expires_ms: number, now: number): void {
    if (Number.isNaN(expires_ms)) return;
    this.#after('renew', Math.max(1_000, Math.min((expires_ms - now) * 0.8, 2 ** 31 - 1)), () => {
      this.#options.tokens.refresh().then(
        (token) => {
          if (token !== undefined) this.#send({ type: 'auth', token });
        },
        () => this.#renewBefore(expires_ms, this.#options.environment.clock.now()),
      );
    });
  }

  #beat(): void {
    const silence_ms = this.#heartbeat_ms + deadAfter_ms;
    this.#after('beat', 1_000, () => {
      if (this.#options.environment.clock.now() - this.#heard_ms > silence_ms) return this.#closed(1006);
      this.#subscriptions.silent(silence_ms);
      this.#beat();
    });
  }

  #closed(code: number): void {
    const lived_ms =
      this.#welcomed_ms === undefined ? undefined : this.#options.environment.clock.now() - this.#welcomed_ms;
    const drainWindow_ms = this.#drainWindow_ms ?? (code === 1012 ? this.#backoff.max_ms : undefined);
    this.#detach(1000);
    if (code >= 4500 && code <= 4999) return this.#refused(code);
    if (drainWindow_ms !== undefined && lived_ms !== undefined) {
      return this.#retryAfter(this.#options.environment.random() * drainWindow_ms, 'resyncing');
    }
    if (code === 4001) this.#options.tokens.refresh().catch(() => undefined);
    if (lived_ms === undefined) this.#failures.beforeWelcome += 1;
    else if (lived_ms < shortLife_ms) this.#failures.shortLives += 1;
    this.#retryAfter(this.#backoff.next_ms(), lived_ms === undefined ? 'offline' : 'resyncing');
    if (this.#failures.beforeWelcome >= 2 || this.#failures.shortLives >= 3) this.#options.onHopeless();
  }

  /** The server does not want this client; a token it has not seen yet is the only thing worth another try. */
  #refused(code: number): void {
    if (code === 4501 && !this.#freshToken) {
      this.#freshToken = true;
      this.#options.tokens.refresh().catch(() => undefined);
      return this.#retryAfter(0, 'resyncing');
    }
    this.#enter('refused');
    const status = code === 4503 ? 403 : code === 4501 ? 401 : code === 4513 ? 429 : 400;
    for (const view of this.#views) view.refuse({ type: `close-${code}`, status });
  }

  #retryAfter(delay_ms: number, meanwhile: 'resyncing' | 'offline'): void {
    for (const view of this.#views) view.enter(meanwhile);
    this.#enter(meanwhile === 'offline' ? 'offline' : 'waiting');
    this.#after('retry', delay_ms, () => void this.#connect());
  }

  #detach(code: number): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#welcomed_ms = undefined;
    for (const name of ['welcome', 'beat', 'calm', 'renew']) this.#cancel(name);
    if (socket === undefined) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  #send(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  #enter(state: LinkState): void {
    if (this.state === state) return;
    this.state = state;
    this.#options.onState();
  }

  #after(name: string, delay_ms: number, task: () => void): void {
    this.#cancel(name);
    this.#timers.set(name, this.#options.environment.clock.setTimeout(task, delay_ms));
  }

  #cancel(name: string): void {
    this.#options.environment.clock.clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
