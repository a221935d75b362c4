/** The questions that this fragment asks, and what follows from their answers. */
import type { Context } from '@plimsoll/contract';
import { formatsFor, none, number, sum, text, useLive, type Query } from '@plimsoll/ui';
import { messages } from './messages.js';
import { isHeld, ratioOf } from './model.js';

const view = 'call-time';

export class Calls {
  readonly #context: () => Context;
  readonly agents = useLive(
    () => this.#context().client,
    () => this.agentsQuery,
  );
  readonly centre = useLive(
    () => this.#context().client,
    () => ({ view, params: { ...this.#days, table: 'centre' } }),
  );
  readonly queues = useLive(
    () => this.#context().client,
    () => ({ view, params: { ...this.#days, table: 'queues', group_by: 'day' } }),
  );
  readonly live = useLive(
    () => this.#context().client,
    () => ({ view, params: { table: 'live' } }),
  );

  constructor(context: () => Context) {
    this.#context = context;
  }

  get #days(): { from: string; to: string } {
    const { from, to } = this.#context().range;
    return { from, to };
  }

  get agentsQuery(): Query {
    return { view, params: { ...this.#days, group_by: 'agent' } };
  }

  say = $derived.by(() => messages(this.#context().locale));
  formats = $derived.by(() => formatsFor(this.#context().locale, this.#context().timeZone));
  dayText = $derived.by(() => this.formats.days(this.#context().range));
  contacts = $derived.by(() => sum(this.centre.rows, 'contacts_handled'));
  call_s = $derived.by(() => sum(this.agents.rows, 'call_s'));
  handled = $derived.by(() => sum(this.agents.rows, 'handled'));
  aht = $derived.by(() =>
    this.handled === 0 ? none : this.formats.duration(sum(this.agents.rows, 'handle_s') / this.handled),
  );
  serviceLevel = $derived.by(() => ratioOf(this.queues.rows, 'service_level'));
  /** Always named by its formula (C-R8). */
  serviceLevelName = $derived.by(() => this.say.serviceLevel(text(this.queues.first, 'service_level_formula')));
  answered = $derived.by(() => sum(this.queues.rows, 'answered'));
  held = $derived.by(() => this.live.rows.filter(isHeld).length);

  bars = $derived.by(() =>
    [...this.agents.rows]
      .sort((a, b) => number(b, 'call_s') - number(a, 'call_s'))
      .map((row) => ({
        key: row.key,
        label: text(row, 'agent_id'),
        value: number(row, 'call_s'),
        part: number(row, 'hold_s'),
        text: this.formats.duration(number(row, 'call_s')),
      })),
  );
}
