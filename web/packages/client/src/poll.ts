/** Views by polling: the same `View`, kept current with ETags and, where the server offers it, waiting requests. */
import { Backoff } from './backoff.js';
import type { Environment } from './environment.js';
import { Poller, type Asked } from './poller.js';
import type { Tokens } from './tokens.js';
import type { LinkState, Transport } from './transport.js';
import type { View } from './view.js';

export interface PollOptions {
  readonly environment: Environment;
  readonly url: string;
  readonly tokens: Tokens;
  readonly onState: () => void;
  /** The server answers again after a time in which it could not be reached at all. */
  readonly onReturn: () => void;
  /** The position of one's own last command, where it is known. */
  readonly ownPosition: () => { epoch: string; position: number } | undefined;
}

/** How long to pause after an answer: an answer that waited is followed up at once. */
export const poll_ms = 5_000;
export const longPollGap_ms = 1_000;

interface Loop {
  readonly poller: Poller;
  readonly backoff: Backoff;
  timer: unknown;
  stopped: boolean;
}

export class PollTransport implements Transport {
  readonly kind = 'poll';
  state: LinkState = 'connecting';
  /** The pause between two requests of one view, as last used. */
  interval_ms = poll_ms;
  readonly #options: PollOptions;
  readonly #loops = new Map<View, Loop>();
  #unreachable = false;

  constructor(options: PollOptions) {
    this.#options = options;
  }

  start(views: Iterable<View>): void {
    for (const view of views) this.add(view);
  }

  add(view: View): void {
    const { environment, url, tokens, ownPosition } = this.#options;
    view.forgetStaleness();
    view.enter(view.replica.cursor === undefined ? 'connecting' : 'resyncing');
    const loop: Loop = {
      poller: new Poller({ environment, url, tokens, view, ownPosition }),
      backoff: new Backoff(environment.random),
      timer: undefined,
      stopped: false,
    };
    this.#loops.set(view, loop);
    void this.#turn(view, loop);
  }

  remove(view: View): void {
    const loop = this.#loops.get(view);
    if (loop === undefined) return;
    this.#loops.delete(view);
    loop.stopped = true;
    loop.poller.abort();
    this.#options.environment.clock.clearTimeout(loop.timer);
  }

  /** A position is waited for: the pause ends now, a request that is under way is asked anew. */
  hurry(view: View): void {
    const loop = this.#loops.get(view);
    if (loop !== undefined) this.#now(view, loop);
  }

  retryNow(): void {
    for (const [view, loop] of this.#loops) {
      loop.backoff.reset();
      if (loop.timer !== undefined) this.#now(view, loop);
    }
  }

  distrust(): void {
    for (const [view, loop] of this.#loops) {
      view.enter('resyncing');
      this.#now(view, loop);
    }
  }

  stop(): void {
    for (const view of [...this.#loops.keys()]) this.remove(view);
  }

  #now(view: View, loop: Loop): void {
    if (loop.timer === undefined) return loop.poller.abort();
    this.#options.environment.clock.clearTimeout(loop.timer);
    void this.#turn(view, loop);
  }

  /** One request, then the pause that its outcome calls for: requests of one view never overlap. */
  async #turn(view: View, loop: Loop): Promise<void> {
    loop.timer = undefined;
    const asked = await loop.poller.ask();
    if (loop.stopped || asked.outcome === 'refused') return;
    this.#judge(view, asked);
    loop.timer = this.#options.environment.clock.setTimeout(
      () => void this.#turn(view, loop),
      this.#pause_ms(loop, asked),
    );
  }

  #judge(view: View, asked: Asked): void {
    const reachable = asked.outcome !== 'unreachable';
    if (!reachable) view.enter('offline');
    const returned = reachable && this.#unreachable;
    this.#unreachable = !reachable;
    const state: LinkState = reachable ? 'open' : 'offline';
    if (this.state !== state) {
      this.state = state;
      this.#options.onState();
    }
    if (returned) this.#options.onReturn();
  }

  #pause_ms(loop: Loop, asked: Asked): number {
    if (asked.outcome === 'answered') loop.backoff.reset();
    if (asked.outcome === 'aborted') return 0;
    if (asked.retryAfter_ms !== undefined) return asked.retryAfter_ms;
    if (asked.outcome !== 'answered') return loop.backoff.next_ms();
    const interval_ms = asked.waited ? longPollGap_ms : poll_ms;
    if (interval_ms !== this.interval_ms) {
      this.interval_ms = interval_ms;
      this.#options.onState();
    }
    return interval_ms * (0.9 + this.#options.environment.random() * 0.2);
  }
}
