/** A live view as its users see it: rows, state, position, freshness. Transports feed it; it does not know which. */
import type { CommandResult } from './commands.js';
import type { Environment } from './environment.js';
import { Replica, unchanged, type RowChange } from './replica.js';
import type { Params, Problem, Row, StaleReason } from './wire.js';

export type ViewState = 'connecting' | 'snapshot' | 'live' | 'stale' | 'resyncing' | 'offline';

export interface Staleness {
  readonly reason: StaleReason;
  /** Local clock, milliseconds. */
  readonly since_ms: number;
  readonly behind?: number | undefined;
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
  readonly #environment: Pick<Environment, 'clock' | 'frame'>;
  readonly #listeners = new Set<ViewListener>();
  readonly #waiters = new Set<Waiter>();
  readonly #guesses = new Set<readonly Row[]>();
  #touched: Set<string> | undefined;
  /** Set by the client: how to ask the transport to hurry to a position, and what closing means. */
  onWait: ((position: number, timeout_ms: number) => void) | undefined;
  onClose: (() => void) | undefined;

  constructor(name: string, params: Params, environment: Pick<Environment, 'clock' | 'frame'>) {
    this.name = name;
    this.params = params;
    this.#environment = environment;
  }

  /** The rows as the server last told them, with what is expected of one's own commands on top. */
  get rows(): ReadonlyMap<string, Row> {
    if (this.#guesses.size === 0) return this.replica.rows;
    const rows = new Map(this.replica.rows);
    for (const guess of this.#guesses) for (const row of guess) rows.set(row.key, row);
    return rows;
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
    return this.confirmed_ms === undefined
      ? undefined
      : this.#environment.clock.now() - this.confirmed_ms + this.delay_ms;
  }

  /** Tells what changed, all of it at once with the next animation frame. */
  subscribe(listener: ViewListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves once this view contains everything up to `position`: how a caller reads its own write. */
  atLeast(position: number, timeout_ms = 10_000): Promise<void> {
    if (this.position >= position) return Promise.resolve();
    const { clock } = this.#environment;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        position,
        settle: (reached) => {
          this.#waiters.delete(waiter);
          clock.clearTimeout(timer);
          if (reached) resolve();
          else reject(new NotReached(`${this.name} did not reach position ${position}`));
        },
      };
      const timer = clock.setTimeout(() => waiter.settle(false), timeout_ms);
      this.#waiters.add(waiter);
      this.onWait?.(position, timeout_ms);
    });
  }

  /** Shows `rows` as if they were true until the command's position has arrived here, or it did not happen. */
  async optimistic(rows: readonly Row[], sent: Promise<CommandResult>): Promise<CommandResult> {
    const keys = { upserted: rows.map(({ key }) => key), removed: [] };
    this.#guesses.add(rows);
    this.#tell(keys);
    try {
      const result = await sent;
      if (result.state === 'accepted') await this.atLeast(result.position).catch(() => undefined);
      return result;
    } finally {
      this.#guesses.delete(rows);
      this.#tell(keys);
    }
  }

  close(): void {
    this.onClose?.();
  }

  /** For transports: the question is asked. */
  begin(): void {
    this.enter(this.epoch === undefined ? 'connecting' : 'resyncing');
  }

  /** For transports: new rows, said by the server just now. */
  heard(change: RowChange, newestEvent: boolean): void {
    const now = this.#environment.clock.now();
    const asOf_ms = newestEvent && this.asOf !== null ? Date.parse(this.asOf) : now;
    this.confirmed_ms = now;
    this.delay_ms = Math.max(0, now - asOf_ms);
    this.problem = undefined;
    this.reached(this.position);
    this.#tell(change);
  }

  /** For transports: the server says that the view has processed `position`. */
  reached(position: number): void {
    for (const waiter of [...this.#waiters]) if (waiter.position <= position) waiter.settle(true);
  }

  enter(state: ViewState): void {
    if (this.state === state) return;
    this.state = state;
    this.#tell(unchanged);
  }

  /** For transports: the rows are complete up to their position; live, or stale where the server has said so. */
  settle(): void {
    this.enter(this.stale === undefined ? 'live' : 'stale');
  }

  /** For transports: whether the server holds the rows for old; it matters while they are shown as complete. */
  stand(stale: Staleness | undefined): void {
    this.stale = stale;
    if (this.state === 'live' || this.state === 'stale') this.settle();
    this.#tell(unchanged);
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

  #tell({ upserted, removed }: RowChange): void {
    const first = this.#touched === undefined;
    this.#touched ??= new Set();
    for (const key of [...upserted, ...removed]) this.#touched.add(key);
    if (first) this.#environment.frame(() => this.#flush());
  }

  #flush(): void {
    const { rows } = this;
    const keys = [...(this.#touched ?? [])];
    this.#touched = undefined;
    const change = { upserted: keys.filter((key) => rows.has(key)), removed: keys.filter((key) => !rows.has(key)) };
    for (const listener of [...this.#listeners]) listener(change);
  }
}
