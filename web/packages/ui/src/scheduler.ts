/**
 * The page's one rhythm: whatever arrives, the document changes at most ten times a second, and not at all while nobody looks
 * or the reader has paused it.
 */
const period_ms = 100;

export class Scheduler {
  readonly #dirty = new Set<() => void>();
  readonly #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last_ms = Number.NEGATIVE_INFINITY;
  #paused = false;

  constructor() {
    if (typeof document !== 'undefined') document.addEventListener('visibilitychange', () => this.#arm());
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Runs `commit` with the next beat; asking again before that changes nothing. */
  schedule(commit: () => void): void {
    this.#dirty.add(commit);
    this.#arm();
  }

  cancel(commit: () => void): void {
    this.#dirty.delete(commit);
  }

  pause(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#arm();
    for (const listener of [...this.#listeners]) listener();
  }

  /** Tells when pausing starts or ends. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #arm(): void {
    const hidden = typeof document !== 'undefined' && document.hidden;
    if (this.#timer !== undefined || this.#dirty.size === 0 || this.#paused || hidden) return;
    const due_ms = Math.max(0, this.#last_ms + period_ms - performance.now());
    this.#timer = setTimeout(() => this.#beat(), due_ms);
  }

  #beat(): void {
    this.#timer = undefined;
    if (this.#paused || document.hidden) return;
    this.#last_ms = performance.now();
    const commits = [...this.#dirty];
    this.#dirty.clear();
    for (const commit of commits) commit();
  }
}

export const scheduler = new Scheduler();
