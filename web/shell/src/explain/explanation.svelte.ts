/** Asks for the events behind one row, page by page. */
import type { Client } from '@plimsoll/client';
import type { ExplainedChange } from '@plimsoll/contracts/ExplainedChange';
import type { Explanation } from '@plimsoll/contracts/Explanation';
import { pathOf, type Question } from './question.js';

export class Explaining {
  changes = $state.raw<readonly ExplainedChange[]>([]);
  answer = $state.raw<Explanation | undefined>(undefined);
  /** What the server said instead; `undefined` detail = it knows no such thing. */
  problem = $state.raw<{ readonly detail: string | undefined } | undefined>(undefined);
  busy = $state(false);

  async ask(client: Client, question: Question, signal: AbortSignal): Promise<void> {
    this.busy = true;
    this.problem = undefined;
    try {
      const response = await client.get(pathOf(question, this.answer?.next ?? undefined), { signal });
      if (response.ok) {
        const answer = (await response.json()) as Explanation;
        this.changes = [...this.changes, ...answer.changes];
        this.answer = answer;
      } else {
        const text = await response.text();
        this.problem = { detail: response.status === 404 ? undefined : detailOf(text) };
      }
    } catch (error) {
      if (!signal.aborted) this.problem = { detail: String(error) };
    }
    this.busy = false;
  }
}

function detailOf(text: string): string {
  try {
    const { detail, title } = JSON.parse(text) as { detail?: string; title?: string };
    return detail ?? title ?? text;
  } catch {
    return text;
  }
}
