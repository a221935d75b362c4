/** The SDK's front door: one client per page, one connection for all its views, the better transport where it works. */
import { Commands, type CommandOptions, type CommandResult } from './commands.js';
import { browserEnvironment, type Environment, type PageSignal } from './environment.js';
import { PollTransport } from './poll.js';
import { SocketTransport } from './socket.js';
import { Tokens, type TokenSource } from './tokens.js';
import type { LinkState, Transport } from './transport.js';
import { View } from './view.js';
import type { Json, Params } from './wire.js';

export const sdkVersion = '0.1.0';

const upwardEvery_ms = 300_000;
const hiddenAtMost_ms = 300_000;
const tick_ms = 1_000;
const clockJump_ms = 5_000;

export interface ClientOptions extends Partial<Environment> {
  /** Origin of the server, without a path. */
  readonly url: string;
  readonly token?: string;
  readonly getToken?: TokenSource;
}

export interface LinkStatus {
  readonly transport: 'socket' | 'poll';
  readonly state: LinkState;
  /** The pause between two requests while polling. */
  readonly interval_ms: number | undefined;
}

export class Client {
  readonly #environment: Environment;
  readonly #url: string;
  readonly #tokens: Tokens;
  readonly #commands: Commands;
  readonly #views = new Map<string, { view: View; users: number }>();
  readonly #listeners = new Set<() => void>();
  readonly #forgetPage: () => void;
  #transport: Transport;
  #upward: unknown;
  #hidden: unknown;
  #tick: unknown;
  #asleep = false;

  constructor(options: ClientOptions) {
    this.#environment = browserEnvironment(options);
    this.#url = options.url.replace(/\/$/, '');
    this.#tokens = new Tokens(options.getToken ?? (() => Promise.resolve(options.token)));
    this.#commands = new Commands(this.#environment, this.#url, this.#tokens);
    this.#transport = this.#socket();
    this.#transport.start([]);
    this.#forgetPage = this.#environment.page((signal) => this.#page(signal));
    this.#watchClock(this.#environment.clock.now());
  }

  /** The view of this name and these parameters; everyone who asks for the same shares it. Each asker closes once. */
  live(name: string, params: Params = {}): View {
    const key = `${name}?${new URLSearchParams(Object.entries(params).sort()).toString()}`;
    const known = this.#views.get(key);
    if (known !== undefined) {
      known.users += 1;
      return known.view;
    }
    const view = new View(name, { ...params }, this.#environment.clock);
    const entry = { view, users: 1 };
    this.#views.set(key, entry);
    view.onWait = (position, timeout_ms) => this.#transport.hurry(view, position, timeout_ms);
    view.onClose = () => {
      entry.users -= 1;
      if (entry.users > 0) return;
      this.#views.delete(key);
      this.#transport.remove(view);
      view.abandon();
    };
    if (!this.#asleep) this.#transport.add(view);
    return view;
  }

  command(context: string, name: string, body: Json, options?: CommandOptions): Promise<CommandResult> {
    return this.#commands.send(context, name, body, options);
  }

  /** A GET with this client's token, for documents that are no live views. */
  async get(path: string, signal?: AbortSignal): Promise<Response> {
    const ask = (token: string | undefined): Promise<Response> =>
      this.#environment.fetch(`${this.#url}${path}`, {
        headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
        ...(signal === undefined ? {} : { signal }),
      });
    const response = await ask(await this.#tokens.get());
    return response.status === 401 ? ask(await this.#tokens.refresh()) : response;
  }

  get status(): LinkStatus {
    const transport = this.#transport;
    const interval_ms = transport instanceof PollTransport ? transport.interval_ms : undefined;
    return { transport: transport.kind, state: transport.state, interval_ms };
  }

  get views(): readonly View[] {
    return [...this.#views.values()].map(({ view }) => view);
  }

  /** Tells when `status` changed. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    const { clock } = this.#environment;
    this.#forgetPage();
    for (const timer of [this.#upward, this.#hidden, this.#tick]) clock.clearTimeout(timer);
    this.#transport.stop();
    for (const { view } of this.#views.values()) view.abandon();
    this.#views.clear();
  }

  #socket(): SocketTransport {
    const url = `${this.#url.replace(/^http/, 'ws')}/v1/live`;
    return new SocketTransport({
      environment: this.#environment,
      url,
      sdk: `plimsoll-client/${sdkVersion}`,
      tokens: this.#tokens,
      onState: () => this.#tell(),
      onHopeless: () => this.#change(this.#poll()),
    });
  }

  #poll(): PollTransport {
    const { clock } = this.#environment;
    clock.clearTimeout(this.#upward);
    this.#upward = clock.setTimeout(() => this.#change(this.#socket()), upwardEvery_ms);
    return new PollTransport({
      environment: this.#environment,
      url: this.#url,
      tokens: this.#tokens,
      onState: () => this.#tell(),
      onReturn: () => this.#change(this.#socket()),
      ownPosition: () => this.#commands.position,
    });
  }

  /** The views keep rows and position: the next transport goes on from there. */
  #change(to: Transport): void {
    if (this.#asleep) return;
    if (to.kind === 'socket') this.#environment.clock.clearTimeout(this.#upward);
    this.#transport.stop();
    this.#transport = to;
    to.start(this.views);
    this.#tell();
  }

  #page(signal: PageSignal): void {
    const { clock } = this.#environment;
    if (signal === 'hidden') {
      clock.clearTimeout(this.#hidden);
      this.#hidden = clock.setTimeout(() => this.#sleep(), hiddenAtMost_ms);
    } else if (signal === 'pagehide') {
      this.#sleep();
    } else {
      clock.clearTimeout(this.#hidden);
      if (this.#asleep) this.#wake();
      else this.#transport.retryNow();
    }
  }

  #sleep(): void {
    this.#asleep = true;
    this.#transport.stop();
    this.#tell();
  }

  #wake(): void {
    this.#asleep = false;
    this.#change(this.#socket());
  }

  /** A machine that slept wakes up with old numbers: they are doubted before anybody paints them. */
  #watchClock(before: number): void {
    const { clock } = this.#environment;
    this.#tick = clock.setTimeout(() => {
      const now = clock.now();
      if (Math.abs(now - before - tick_ms) > clockJump_ms && !this.#asleep) this.#transport.distrust();
      this.#watchClock(now);
    }, tick_ms);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

const shared = Symbol.for('plimsoll.client.v1');

export function createClient(options: ClientOptions): Client {
  return new Client(options);
}

/** The page's one client, whoever asks first: guards against a second connection of a second copy of this module. */
export function pageClient(options: ClientOptions): Client {
  const page = globalThis as { [shared]?: Client };
  page[shared] ??= createClient(options);
  return page[shared];
}
