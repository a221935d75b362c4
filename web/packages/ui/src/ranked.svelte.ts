/** Keeps a ranked list readable while it moves: at most one reorder a second, none under the pointer or the focus. */
const calm_ms = 1_000;

export class Ranked<Item extends { readonly key: string }> {
  /** Set while the pointer or the focus is on the list. */
  held = $state(false);
  #order: string[] = [];
  #reordered_ms = Number.NEGATIVE_INFINITY;

  /** The reader has asked for another order: the next one is taken as it is. */
  begin(): void {
    this.#order = [];
  }

  /** `items` in ranked order, shown in an order that is as calm as the reader needs it. */
  arrange(items: readonly Item[], now_ms: number = performance.now()): Item[] {
    const wanted = items.map((item) => item.key);
    const mayReorder = !this.held && now_ms - this.#reordered_ms >= calm_ms;
    if (mayReorder || this.#order.length === 0) {
      if (wanted.some((key, at) => key !== this.#order[at])) this.#reordered_ms = now_ms;
      this.#order = wanted;
      return [...items];
    }
    const byKey = new Map(items.map((item) => [item.key, item]));
    const kept = this.#order.filter((key) => byKey.has(key));
    const known = new Set(kept);
    this.#order = [...kept, ...wanted.filter((key) => !known.has(key))];
    return this.#order.flatMap((key) => byKey.get(key) ?? []);
  }
}
