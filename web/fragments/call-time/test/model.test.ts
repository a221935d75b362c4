import { expect, it } from 'vitest';
import { byAgent, elapsed_s, ratioOf } from '../src/model.js';

const stamp = { revision: 0, state: 'provisional' as const };

it('g7_ratios_roll_up_as_sum_over_sum', () => {
  const rows = [
    { key: 'a', position: 1, ...stamp, service_level: [90, 100] },
    { key: 'b', position: 1, ...stamp, service_level: [1, 10] },
  ];
  expect(ratioOf(rows, 'service_level')).toEqual([91, 110]);
});

it('an_agents_days_add_up_and_the_longest_call_is_the_longest_of_all', () => {
  const days = [
    { key: 'A|1', position: 3, ...stamp, agent_id: 'A', call_s: 100, handled: 2, longest_s: 60 },
    { key: 'A|2', position: 9, ...stamp, agent_id: 'A', call_s: 50, handled: 1, longest_s: 50 },
  ];
  expect(byAgent(days)).toEqual([
    expect.objectContaining({ key: 'A', position: 9, call_s: 150, handled: 3, longest_s: 60 }),
  ]);
});

it('c_r4_the_clock_of_an_open_call_runs_from_the_moment_of_connection', () => {
  const row = { key: 'C', position: 1, ...stamp, connected_at: '2026-11-28T05:00:00Z' };
  expect(elapsed_s(row, Date.parse('2026-11-28T05:01:30Z'))).toBe(90);
});
