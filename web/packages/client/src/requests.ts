/** Views by plain HTTP: streams of events where they get through, else polls with entity tags that wait where they may. */
import { Asker, type How, type Outcome } from './asker.js';
import type { LinkState, LinkStatus, Transport, TransportOptions } from './transport.js';
import type { View } from './view.js';

export interface RequestOptions extends TransportOptions {
  readonly transport: 'stream' | 'poll';
  /** The server answers again after a time in which it could not be reached at all. */
  readonly onReturn: () => void;
}

export const poll_ms = 5_000;
/** The pause after an answer that was waited for. */
export const waitedGap_ms = 1_000;
/** A browser opens six connections to a server over HTTP/1.1; more held open would starve commands and documents. */
export const heldAtMost = 4;
const calmAfter_ms = 30_000;

export class RequestTransport implements Transport {
  status: LinkStatus;
  readonly #options: RequestOptions;
  readonly #askers = new Map<View, Asker>();
  #unreachable = false;
  #slow = false;

  constructor(options: RequestOptions) {
    this.#options = options;
    this.status = { transport: options.transport, state: 'connecting', interval_ms: poll_ms };
  }

  start(views: Iterable<View>): void {
    for (const view of views) this.add(view);
  }

  add(view: View): void {
    view.begin();
    const asker = new Asker(this.#options.http, view);
    this.#askers.set(view, asker);
    void this.#turn(view, asker);
  }

  remove(view: View): void {
    const asker = this.#askers.get(view);
    this.#askers.delete(view);
    asker?.stop();
  }

  /** A position is waited for: a pause ends now, a poll that is under way is asked anew. */
  hurry(view: View): void {
    if (this.#how(view) !== 'stream') this.#now(view);
  }

  /** While nobody looks, a poll each five seconds takes the place of a held request. */
  slow(on: boolean): void {
    this.#slow = on;
    for (const view of this.#askers.keys()) this.#now(view);
  }

  retryNow(): void {
    for (const [view, asker] of this.#askers) {
      asker.backoff.reset();
      if (asker.timer !== undefined) this.#now(view);
    }
  }

  distrust(): void {
    for (const view of this.#askers.keys()) view.enter('resyncing');
    this.slow(this.#slow);
  }

  stop(): void {
    for (const view of [...this.#askers.keys()]) this.remove(view);
  }

  #how(view: View): How {
    if (this.#slow || [...this.#askers.keys()].indexOf(view) >= heldAtMost) return 'poll';
    return this.#options.transport === 'stream' ? 'stream' : 'wait';
  }

  #now(view: View): void {
    const asker = this.#askers.get(view);
    if (asker?.timer === undefined) return asker?.abort();
    this.#options.http.environment.clock.clearTimeout(asker.timer);
    void this.#turn(view, asker);
  }

  /** One request, then the pause that its outcome calls for: requests of one view never overlap. */
  async #turn(view: View, asker: Asker): Promise<void> {
    const { clock } = this.#options.http.environment;
    asker.timer = undefined;
    const how = this.#how(view);
    const began_ms = clock.now();
    const outcome = await asker.ask(how, () => this.#judge(asker, 'answered', how));
    if (asker.stopped || outcome === 'refused') return;
    const streamed = how === 'stream';
    const answered = outcome === 'answered' || outcome === 'waited';
    if (outcome === 'unreachable') view.enter('offline');
    else if (streamed) view.enter('resyncing');
    if (streamed ? clock.now() - began_ms > calmAfter_ms : answered) asker.backoff.reset();
    const pause_ms =
      outcome === 'aborted'
        ? 0
        : (asker.retryAfter_ms ?? (streamed || !answered ? asker.backoff.next_ms() : this.#interval(outcome)));
    asker.timer = clock.setTimeout(() => void this.#turn(view, asker), pause_ms);
    this.#judge(asker, outcome, how);
  }

  #judge(asker: Asker, outcome: Outcome, how: How): void {
    const unreachable = outcome === 'unreachable';
    const returned = !unreachable && this.#unreachable;
    this.#unreachable = unreachable;
    this.#enter(unreachable ? 'offline' : 'open');
    asker.failures = unreachable ? asker.failures + 1 : 0;
    if (returned) this.#options.onReturn();
    else if (how === 'stream' && (outcome === 'unfit' || asker.failures > 1)) this.#options.onHopeless();
  }

  #interval(outcome: Outcome): number {
    const interval_ms = outcome === 'waited' && !this.#slow ? waitedGap_ms : poll_ms;
    this.#enter(this.status.state, interval_ms);
    return interval_ms * (0.9 + this.#options.http.environment.random() * 0.2);
  }

  #enter(state: LinkState, interval_ms = this.status.interval_ms): void {
    this.status = { ...this.status, state, interval_ms };
    this.#options.onState();
  }
}
