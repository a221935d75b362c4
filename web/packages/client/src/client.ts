/** The SDK's front door: one client per page, one connection for all its views, the best transport that works. */
import { sendCommand, type CommandOptions, type CommandResult } from './commands.js';
import { browserEnvironment, type Environment, type PageSignal } from './environment.js';
import { Http, type Ask, type TokenSource } from './http.js';
import { RequestTransport } from './requests.js';
import { SocketTransport } from './socket.js';
import type { LinkStatus, Transport } from './transport.js';
import { View } from './view.js';
import type { Json, Params } from './wire.js';
import { shareBy } from './worker.js';

const upwardEvery_ms = 300_000;
const slowAfter_ms = 10_000;
const hiddenAtMost_ms = 300_000;
const tick_ms = 1_000;
const clockJump_ms = 5_000;

export interface ClientOptions extends Partial<Environment> {
  /** Origin of the server, without a path. */
  readonly url: string;
  readonly token?: string;
  readonly getToken?: TokenSource;
}

export class Client {
  readonly #environment: Environment;
  readonly #http: Http;
  readonly #views = new Map<string, { view: View; users: number }>();
  readonly #listeners = new Set<() => void>();
  readonly #forgetPage: () => void;
  #transport: Transport;
  #upward: unknown;
  #hidden: unknown;
  #tick: unknown;
  #slow = false;
  #asleep = false;

  constructor(options: ClientOptions) {
    this.#environment = browserEnvironment(options);
    this.#http = new Http(
      this.#environment,
      options.url.replace(/\/$/, ''),
      options.getToken ?? (() => Promise.resolve(options.token)),
    );
    this.#transport = this.#top();
    this.#transport.start([]);
    this.#forgetPage = this.#environment.page((signal) => this.#page(signal));
    this.#watchClock(this.#environment.clock.now());
  }

  /** The view of this name and these parameters; everyone who asks for the same shares it. Each asker closes once. */
  live(name: string, params: Params = {}): View {
    const key = JSON.stringify([name, Object.entries(params).sort()]);
    const known = this.#views.get(key);
    if (known !== undefined) {
      known.users += 1;
      return known.view;
    }
    const view = new View(name, { ...params }, this.#environment);
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
    return sendCommand(
      this.#http,
      `/v1/commands/${encodeURIComponent(context)}/${encodeURIComponent(name)}`,
      body,
      options,
    );
  }

  /** A GET with this client's token, for documents that are no live views. */
  get(path: string, init?: Ask): Promise<Response> {
    return this.#http.ask(path, init);
  }

  get status(): LinkStatus {
    return this.#transport.status;
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

  #top(): Transport {
    return new SocketTransport({
      http: this.#http,
      onState: () => this.#tell(),
      onHopeless: () => this.#change(this.#below('stream')),
    });
  }

  /** The rungs below the socket; from each it is tried again now and then. */
  #below(transport: 'stream' | 'poll'): Transport {
    const { clock } = this.#environment;
    const climb = (): void => this.#change(this.#top());
    clock.clearTimeout(this.#upward);
    this.#upward = clock.setTimeout(climb, upwardEvery_ms);
    return new RequestTransport({
      http: this.#http,
      transport,
      onState: () => this.#tell(),
      onHopeless: () => this.#change(this.#below('poll')),
      onReturn: climb,
    });
  }

  /** The views keep rows and position: the next transport goes on from there. */
  #change(to: Transport): void {
    if (this.#asleep) return;
    const before = this.#transport;
    this.#transport = to;
    before.stop();
    if (this.#slow) to.slow(true);
    to.start(this.views);
    this.#tell();
  }

  /** Hidden for a while: fewer words. Hidden for long, or put away: none. */
  #page(signal: PageSignal): void {
    const { clock } = this.#environment;
    clock.clearTimeout(this.#hidden);
    if (signal === 'pagehide') this.#sleep();
    else if (signal === 'hidden')
      this.#hidden = clock.setTimeout(() => {
        this.#slow = true;
        this.#transport.slow(true);
        this.#hidden = clock.setTimeout(() => this.#sleep(), hiddenAtMost_ms - slowAfter_ms);
      }, slowAfter_ms);
    else {
      const slow = this.#slow;
      this.#slow = false;
      if (this.#asleep) {
        this.#asleep = false;
        this.#change(this.#top());
      } else if (slow) this.#transport.slow(false);
      this.#transport.retryNow();
    }
  }

  #sleep(): void {
    this.#environment.clock.clearTimeout(this.#upward);
    this.#asleep = true;
    this.#transport.stop();
    this.#tell();
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

/** The page's one client, whoever asks first: one connection for the page and, where the browser can, for all its tabs. */
export function pageClient(options: ClientOptions): Client {
  const page = globalThis as { [shared]?: Client };
  page[shared] ??= createClient({ share: shareBy(import.meta.url), ...options });
  return page[shared];
}
