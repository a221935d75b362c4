import { describe, expect, it } from 'vitest';
import { Replica } from '../src/replica.js';
import { row } from './fakes.js';

const nothing = { upsert: [], remove: [] };

function filled(): Replica {
  const replica = new Replica();
  replica.replace([row('a', 1, { n: 1 }), row('b', 2, { n: 2 })], { epoch: 'e', position: 10, as_of: null });
  return replica;
}

describe('rows as a fold over frames', () => {
  it('base_equals_have_is_applied', () => {
    const replica = filled();
    const change = replica.delta({
      ...nothing,
      base: 10,
      position: 12,
      as_of: null,
      upsert: [row('c', 12)],
      remove: ['a'],
    });
    expect(change).toEqual({ upserted: ['c'], removed: ['a'] });
    expect([...replica.rows.keys()]).toEqual(['b', 'c']);
    expect(replica.have).toBe(12);
  });

  it('position_at_or_below_have_is_dropped', () => {
    const replica = filled();
    expect(replica.delta({ ...nothing, base: 8, position: 10, as_of: null, remove: ['a'] })).toBe('dropped');
    expect(replica.rows.has('a')).toBe(true);
  });

  it('base_above_have_is_a_gap_and_changes_nothing', () => {
    const replica = filled();
    expect(replica.delta({ ...nothing, base: 11, position: 12, as_of: null, upsert: [row('c', 12)] })).toBe('gap');
    expect(replica.rows.has('c')).toBe(false);
    expect(replica.have).toBe(10);
  });

  it('an_overlapping_delta_of_whole_rows_is_applied', () => {
    const replica = filled();
    expect(replica.delta({ ...nothing, base: 9, position: 12, as_of: null, upsert: [row('a', 12, { n: 5 })] })).toEqual(
      {
        upserted: ['a'],
        removed: [],
      },
    );
  });

  it('a_snapshot_touches_only_what_differs_also_under_a_new_epoch', () => {
    const replica = filled();
    const same = replica.rows.get('a');
    const change = replica.snapshot({
      epoch: 'other',
      position: 3,
      as_of: null,
      part: 0,
      last: true,
      rows: [row('a', 1, { n: 1 }), row('c', 3)],
    });
    expect(change).toEqual({ upserted: ['c'], removed: ['b'] });
    expect(replica.rows.get('a')).toBe(same);
    expect(replica.cursor).toBe('other.000000000003');
  });

  it('parts_become_visible_together_and_a_new_snapshot_forgets_unfinished_ones', () => {
    const replica = filled();
    const part = { epoch: 'e', position: 20, as_of: null };
    expect(replica.snapshot({ ...part, part: 0, last: false, rows: [row('x', 20)] })).toBeUndefined();
    expect(replica.rows.has('x')).toBe(false);
    replica.snapshot({ ...part, part: 0, last: true, rows: [row('y', 20)] });
    expect([...replica.rows.keys()]).toEqual(['y']);
  });

  it('progress_moves_the_cursor_and_never_back', () => {
    const replica = filled();
    expect(replica.progress(15, '2026-11-28T00:00:00Z')).toBe(true);
    expect(replica.progress(14, null)).toBe(false);
    expect(replica.cursor).toBe('e.000000000015');
  });
});
