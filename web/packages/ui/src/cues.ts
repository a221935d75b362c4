/** Which rows deserve a cue that they changed: none when so many change that a cue would only flicker. */
export type Cue = 'rose' | 'fell';

const crowd = 0.2;

export class Cues {
  #values = new Map<string, number>();

  /** Compares with the values seen last; the first look and a crowd of changes give no cues. */
  look(values: ReadonlyMap<string, number>): ReadonlyMap<string, Cue> {
    const cues = new Map<string, Cue>();
    for (const [key, value] of values) {
      const before = this.#values.get(key);
      if (before !== undefined && before !== value) cues.set(key, value > before ? 'rose' : 'fell');
    }
    this.#values = new Map(values);
    return cues.size > Math.max(1, values.size * crowd) ? new Map() : cues;
  }
}
