/** Views as they were at an instant: the same `View`, answered once and never again. */
import { View, type Client, type Params, type Problem, type Row } from '@plimsoll/client';
import type { Source } from '@plimsoll/contract';

interface Answer {
  readonly epoch: string;
  readonly position: number;
  readonly as_of: string | null;
  readonly rows: readonly Row[];
  readonly next: string | null;
}

const environment = {
  clock: {
    now: () => Date.now(),
    setTimeout: (task: () => void, delay_ms: number) => setTimeout(task, delay_ms),
    clearTimeout: (timer: unknown) => clearTimeout(timer as number | undefined),
  },
  frame: (task: () => void) => void requestAnimationFrame(task),
};

export class Past implements Source {
  readonly at: string;
  readonly #client: Client;

  /** `at`: the recorded time up to which everything was known, ISO 8601. */
  constructor(client: Client, at: string) {
    this.#client = client;
    this.at = at;
  }

  live(name: string, params: Params = {}): View {
    const view = new View(name, params, environment);
    const stop = new AbortController();
    view.onClose = () => {
      stop.abort();
      view.abandon();
    };
    void this.#fill(view, stop.signal);
    return view;
  }

  /** Answers of views as they were; everything else as it is. */
  get(path: string, init?: Parameters<Client['get']>[1]): Promise<Response> {
    const isAnswer = /^\/v1\/views\/[^/?]+(\?|$)/.test(path);
    const of = `as_of_time=${encodeURIComponent(this.at)}`;
    return this.#client.get(isAnswer ? `${path}${path.includes('?') ? '&' : '?'}${of}` : path, init);
  }

  command(...order: Parameters<Client['command']>): ReturnType<Client['command']> {
    return this.#client.command(...order);
  }

  async #fill(view: View, signal: AbortSignal): Promise<void> {
    try {
      const rows: Row[] = [];
      let answer = await this.#page(view, undefined, signal);
      rows.push(...answer.rows);
      while (answer.next !== null) {
        answer = await this.#page(view, answer.next, signal);
        rows.push(...answer.rows);
      }
      view.heard(view.replica.replace(rows, answer), false);
      view.settle();
    } catch (error) {
      if (!signal.aborted)
        view.refuse(error instanceof Refused ? error.problem : { type: 'about:blank', detail: String(error) });
    }
  }

  async #page(view: View, next: string | undefined, signal: AbortSignal): Promise<Answer> {
    const query = new URLSearchParams({ ...view.params, ...(next === undefined ? {} : { next }) });
    const response = await this.get(`/v1/views/${encodeURIComponent(view.name)}?${query}`, { signal });
    if (response.ok) return (await response.json()) as Answer;
    const text = await response.text();
    throw new Refused({ type: 'about:blank', status: response.status, ...readProblem(text) });
  }
}

class Refused extends Error {
  override name = 'Refused';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.title ?? problem.type);
    this.problem = problem;
  }
}

function readProblem(text: string): Partial<Problem> {
  try {
    return JSON.parse(text) as Partial<Problem>;
  } catch {
    return { detail: text.slice(0, 200) };
  }
}
