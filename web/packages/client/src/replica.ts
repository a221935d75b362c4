/** The rows of one view as a fold over frames: exactly once, in position order, never blank. Knows no network and no clock. */
import { versionToken, type Delta, type Row, type Snapshot } from './wire.js';

/** Which keys a frame changed. */
export interface RowChange {
  readonly upserted: readonly string[];
  readonly removed: readonly string[];
}

export const unchanged: RowChange = { upserted: [], removed: [] };

type SnapshotPart = Pick<Snapshot, 'epoch' | 'position' | 'as_of' | 'part' | 'last' | 'rows'>;
type Difference = Pick<Delta, 'base' | 'position' | 'as_of' | 'upsert' | 'remove'>;

export class Replica {
  readonly rows = new Map<string, Row>();
  epoch: string | undefined;
  /** The last position that these rows contain. */
  have = 0;
  asOf: string | null = null;
  #parts: Row[] = [];

  /** The cursor to resume from, when there is anything to resume. */
  get cursor(): string | undefined {
    return this.epoch === undefined ? undefined : versionToken(this.epoch, this.have);
  }

  /**
   * Takes one part of a snapshot; answers the change against the rows shown so far once the last part is in. A first part
   * forgets those of an earlier, unfinished one; the rows stay readable meanwhile.
   */
  snapshot(part: SnapshotPart): RowChange | undefined {
    if (part.part === 0) this.#parts = [];
    this.#parts.push(...part.rows);
    return part.last ? this.replace(this.#parts, part) : undefined;
  }

  /** Puts a whole answer in place of the rows, touching only what differs, whatever epoch it comes from. */
  replace(rows: readonly Row[], at: { epoch: string; position: number; as_of: string | null }): RowChange {
    const upserted: string[] = [];
    const seen = new Set<string>();
    for (const row of rows) {
      seen.add(row.key);
      const old = this.rows.get(row.key);
      if (old !== undefined && JSON.stringify(old) === JSON.stringify(row)) continue;
      this.rows.set(row.key, row);
      upserted.push(row.key);
    }
    const removed = [...this.rows.keys()].filter((key) => !seen.has(key));
    for (const key of removed) this.rows.delete(key);
    this.epoch = at.epoch;
    this.have = at.position;
    this.asOf = at.as_of;
    return { upserted, removed };
  }

  /**
   * Applies a delta that starts at or before what these rows contain. One that ends there too has been seen (`dropped`);
   * one that starts later leaves a hole (`gap`). Rows are whole, so an overlapping delta is applied, not refused.
   */
  delta(delta: Difference): RowChange | 'dropped' | 'gap' {
    if (this.epoch === undefined || delta.base > this.have) return 'gap';
    if (delta.position <= this.have) return 'dropped';
    const { position, as_of, upsert, remove } = delta;
    this.progress(position, as_of);
    for (const row of upsert) this.rows.set(row.key, row);
    return { upserted: upsert.map((row) => row.key), removed: remove.filter((key) => this.rows.delete(key)) };
  }

  /** Nothing changed up to `position`; false when that is no news. */
  progress(position: number, asOf: string | null): boolean {
    if (position < this.have) return false;
    this.have = position;
    this.asOf = asOf ?? this.asOf;
    return true;
  }
}
