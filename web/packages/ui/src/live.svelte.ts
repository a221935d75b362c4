/** The Svelte 5 binding of the SDK: a live view as reactive fields that change with the page's rhythm. */
import type { Params, Problem, Row, Staleness, View, ViewState } from '@plimsoll/client';
import type { Source } from '@plimsoll/contract';
import { scheduler } from './scheduler.js';

export interface Query {
  readonly view: string;
  readonly params: Params;
}

/** What a reader has before them: five of these are the designed states of every panel. */
export type Standing = 'loading' | 'empty' | 'error' | 'forbidden' | 'unprojected' | 'ready';

export class Live {
  rows = $state.raw<readonly Row[]>([]);
  state = $state.raw<ViewState>('connecting');
  stale = $state.raw<Staleness | undefined>(undefined);
  problem = $state.raw<Problem | undefined>(undefined);
  position = $state.raw(0);
  answered = $state.raw(false);

  /** The first row, for views that answer with one. */
  get first(): Row | undefined {
    return this.rows[0];
  }

  get standing(): Standing {
    if (this.problem?.status === 403) return 'forbidden';
    if (this.problem !== undefined) return 'error';
    if (this.rows.length > 0) return 'ready';
    if (this.stale?.reason === 'rebuilding') return 'unprojected';
    if (!this.answered) return this.state === 'offline' ? 'error' : 'loading';
    return 'empty';
  }

  take(view: View): void {
    this.rows = [...view.rows.values()];
    this.state = view.state;
    this.stale = view.stale;
    this.problem = view.problem;
    this.position = view.position;
    this.answered = view.confirmed_ms !== undefined;
  }
}

/** Opens the view that `query` names, for as long as the component lives and the query stays the same. */
export function useLive(client: () => Source, query: () => Query | undefined): Live {
  const live = new Live();
  const wanted = $derived(JSON.stringify(query() ?? null));
  // A context that changes in other things asks the same of the same source.
  const source = $derived(client());
  $effect(() => {
    const asked = JSON.parse(wanted) as Query | null;
    if (asked === null) return;
    const view = source.live(asked.view, asked.params);
    const commit = (): void => live.take(view);
    commit();
    const forget = view.subscribe(() => scheduler.schedule(commit));
    return () => {
      forget();
      scheduler.cancel(commit);
      view.close();
    };
  });
  return live;
}
