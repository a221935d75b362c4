/** A live view as its users see it: rows, state, position, freshness. Transports feed it; it does not know which. */
import type { Clock } from './environment.js';
import { Replica, type RowChange } from './replica.js';
import type { Params, Problem, Row, StaleReason } from './wire.js';

export type ViewState = 'connecting' | 'snapshot' | 'live' | 'stale' | 'resyncing' | 'offline';

export interface Staleness {
  readonly reason: StaleReason;
  /** Local clock, milliseconds. */
  readonly since_ms: number;
  readonly behind?: number;
}

export type ViewListener = (change: RowChange) => void;

/** `atLeast` was given up: the view did not reach the position in time, or was closed. */
export class NotReached extends Error {
  override name = 'NotReached';
}

interface Waiter {
  readonly position: number;
  readonly settle: (reached: boolean) => void;
}

const unchanged: RowChange = { upserted: [], removed: [] };

export class View {
  readonly name: string;
  readonly params: Params;
  readonly replica = new Replica();
  state: ViewState = 'connecting';
  stale: Staleness | undefined;
  /** Why the server refuses this view for good. */
  problem: Problem | undefined;
  /** Local clock of the last word about this view, and how old its newest event was then. */
  confirmed_ms: number | undefined;
  delay_ms = 0;
  readonly #clock: Clock;
  readonly #listeners = new Set<ViewListener>();
  readonly #waiters = new Set<Waiter>();
  /** Set by the client: how to ask the transport to hurry to a position, and what closing means. */
  onWait: ((position: number, timeout_ms: number) => void) | undefined;
  onClose: (() => void) | undefined;

  constructor(name: string, params: Params, clock: Clock) {
    this.name = name;
    this.params = params;
    this.#clock = clock;
  }

  get rows(): ReadonlyMap<string, Row> {
    return this.replica.rows;
  }

  get position(): number {
    return this.replica.have;
  }

  get epoch(): string | undefined {
    return this.replica.epoch;
  }

  /** Recorded time of the event at `position`. */
  get asOf(): string | null {
    return this.replica.asOf;
  }

  /** How long ago these numbers were known to be true, in milliseconds; undefined before the first answer. */
  get age_ms(): number | undefined {
    return this.confirmed_ms === undefined ? undefined : this.#clock.now() - this.confirmed_ms + this.delay_ms;
  }

  subscribe(listener: ViewListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves once this view contains everything up to `position`: how a caller reads its own write. */
  atLeast(position: number, timeout_ms = 10_000): Promise<void> {
    if (this.position >= position) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        position,
        settle: (reached) => {
          this.#waiters.delete(waiter);
          this.#clock.clearTimeout(timer);
          if (reached) resolve();
          else reject(new NotReached(`${this.name} did not reach position ${position}`));
        },
      };
      const timer = this.#clock.setTimeout(() => waiter.settle(false), timeout_ms);
      this.#waiters.add(waiter);
      this.onWait?.(position, timeout_ms);
    });
  }

  close(): void {
    this.onClose?.();
  }

  /** For transports: new rows, said by the server just now. */
  heard(change: RowChange, newestEvent: boolean): void {
    const now = this.#clock.now();
    const asOf_ms = newestEvent && this.asOf !== null ? Date.parse(this.asOf) : now;
    this.confirmed_ms = now;
    this.delay_ms = Math.max(0, now - asOf_ms);
    this.problem = undefined;
    this.#reached(this.position);
    this.#tell(change);
  }

  /** For transports: the server says that the view has processed `position`. */
  reached(position: number): void {
    this.#reached(position);
  }

  enter(state: Exclude<ViewState, 'stale' | 'live'>): void {
    if (this.state === state) return;
    this.state = state;
    this.#tell(unchanged);
  }

  /** Subscribed anew: what was said of staleness before no longer counts, unless the server repeats it. */
  forgetStaleness(): void {
    this.stale = undefined;
  }

  /** The rows are complete up to their position: live, or stale where the server has said so. */
  settle(): void {
    this.#become(this.stale === undefined ? 'live' : 'stale');
  }

  markStale(stale: Staleness): void {
    this.stale = stale;
    if (this.state === 'live' || this.state === 'stale') this.state = 'stale';
    this.#tell(unchanged);
  }

  markFresh(): void {
    this.stale = undefined;
    if (this.state === 'stale') this.#become('live');
  }

  refuse(problem: Problem): void {
    this.problem = problem;
    this.state = 'offline';
    this.#tell(unchanged);
  }

  /** The lowest position that somebody waits for, if anybody does. */
  get awaited(): number | undefined {
    const positions = [...this.#waiters].map((waiter) => waiter.position);
    return positions.length === 0 ? undefined : Math.min(...positions);
  }

  abandon(): void {
    for (const waiter of [...this.#waiters]) waiter.settle(false);
    this.#listeners.clear();
  }

  #become(state: ViewState): void {
    if (this.state === state) return;
    this.state = state;
    this.#tell(unchanged);
  }

  #reached(position: number): void {
    for (const waiter of [...this.#waiters]) if (waiter.position <= position) waiter.settle(true);
  }

  #tell(change: RowChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}
