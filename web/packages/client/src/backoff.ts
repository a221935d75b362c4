/** Full-jitter backoff: uniform between zero and a ceiling that doubles, so that many clients never return together. */
export class Backoff {
  min_ms = 500;
  max_ms = 30_000;
  #attempt = 0;
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  next_ms(): number {
    return this.#random() * Math.min(this.max_ms, this.min_ms * 2 ** this.#attempt++);
  }

  reset(): void {
    this.#attempt = 0;
  }
}
