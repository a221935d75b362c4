/** One view's requests, one at a time: what to ask, and what each answer means for the view. */
import type { Environment } from './environment.js';
import type { Tokens } from './tokens.js';
import type { View } from './view.js';
import { parseVersionToken, type Problem, type Row, type StaleReason, type ViewAnswer } from './wire.js';

const wait_s = 20;
const grace_ms = 10_000;
const pagesAtMost = 50;

export interface PollerOptions {
  readonly environment: Environment;
  readonly url: string;
  readonly tokens: Tokens;
  readonly view: View;
  readonly ownPosition: () => { epoch: string; position: number } | undefined;
}

export interface Asked {
  readonly outcome: 'answered' | 'busy' | 'unreachable' | 'refused' | 'aborted';
  /** The server held the request until something changed. */
  readonly waited: boolean;
  readonly retryAfter_ms?: number;
}

export class Poller {
  readonly #options: PollerOptions;
  #etag: string | null = null;
  #request: AbortController | undefined;
  #asksAnew = false;
  #renewed = false;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  /** Gives up the request under way, so that the next one can ask for something else. */
  abort(): void {
    this.#asksAnew = true;
    this.#request?.abort();
  }

  async ask(): Promise<Asked> {
    const { clock } = this.#options.environment;
    const request = new AbortController();
    const deadline = clock.setTimeout(() => request.abort(), wait_s * 1_000 + grace_ms);
    this.#request = request;
    this.#asksAnew = false;
    try {
      return await this.#judge(await this.#fetch(request.signal, undefined), request.signal);
    } catch {
      return { outcome: this.#asksAnew ? 'aborted' : 'unreachable', waited: false };
    } finally {
      clock.clearTimeout(deadline);
    }
  }

  async #fetch(signal: AbortSignal, next: string | undefined): Promise<Response> {
    const { environment, url, tokens, view } = this.#options;
    const token = await tokens.get();
    const query = new URLSearchParams(view.params);
    const least = this.#least();
    if (least !== undefined) query.set('min_position', String(least));
    if (next !== undefined) query.set('next', next);
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
    if (next === undefined) {
      headers['Prefer'] = `wait=${wait_s}`;
      if (this.#etag !== null && least === undefined) headers['If-None-Match'] = this.#etag;
    }
    const text = query.toString();
    const address = `${url}/v1/views/${encodeURIComponent(view.name)}${text === '' ? '' : `?${text}`}`;
    return environment.fetch(address, { headers, signal, cache: 'no-store' });
  }

  /** The position to insist on: what somebody awaits, or one's own write that these rows do not hold yet. */
  #least(): number | undefined {
    const { view, ownPosition } = this.#options;
    const own = ownPosition();
    const ownUnseen =
      own !== undefined && own.epoch === view.epoch && own.position > view.position ? own.position : undefined;
    const least = Math.max(view.awaited ?? 0, ownUnseen ?? 0);
    return least > view.position ? least : undefined;
  }

  async #judge(response: Response, signal: AbortSignal): Promise<Asked> {
    const waited = (response.headers.get('Preference-Applied') ?? '').includes('wait');
    const pause = this.#retryAfter(response);
    switch (response.status) {
      case 200:
        return (await this.#take(response, signal))
          ? { outcome: 'answered', waited }
          : { outcome: 'busy', waited: false };
      case 304:
        this.#confirm(response);
        return { outcome: 'answered', waited };
      case 401:
        return this.#unauthorised(response);
      case 408:
      case 412:
      case 425:
      case 429:
        return { outcome: 'busy', waited: false, ...pause };
      default:
        if (response.status >= 500) return { outcome: 'busy', waited: false, ...pause };
        this.#options.view.refuse(await problemOf(response));
        return { outcome: 'refused', waited: false };
    }
  }

  /** Takes all pages of one answer; pages of different positions do not make one answer. */
  async #take(response: Response, signal: AbortSignal): Promise<boolean> {
    const first = (await response.json()) as ViewAnswer;
    const rows: Row[] = [...first.rows];
    let next = first.next;
    for (let page = 1; next !== null && next !== undefined; page += 1) {
      if (page >= pagesAtMost) return false;
      const more = await this.#fetch(signal, next);
      if (more.status !== 200) return false;
      const answer = (await more.json()) as ViewAnswer;
      if (answer.position !== first.position || answer.epoch !== first.epoch) return false;
      rows.push(...answer.rows);
      next = answer.next;
    }
    this.#renewed = false;
    this.#etag = response.headers.get('ETag');
    const { view } = this.#options;
    const change = view.replica.replace(rows, first);
    this.#staleness(response.headers.get('View-State'));
    view.heard(change, false);
    view.settle();
    return true;
  }

  /** A 304 proves nothing about freshness by itself: its headers say how far the view has come. */
  #confirm(response: Response): void {
    const { view } = this.#options;
    this.#renewed = false;
    const at = parseVersionToken(response.headers.get('View-Position'));
    if (at !== undefined && at.epoch === view.epoch)
      view.replica.progress(at.position, response.headers.get('View-As-Of'));
    this.#staleness(response.headers.get('View-State'));
    view.heard({ upserted: [], removed: [] }, false);
    view.settle();
  }

  #staleness(state: string | null): void {
    const { view, environment } = this.#options;
    if (state === null || state === 'live') return view.markFresh();
    const since_ms = view.stale?.reason === state ? view.stale.since_ms : environment.clock.now();
    view.markStale({ reason: state as StaleReason, since_ms });
  }

  /** One new token is tried; refused again, the answer is final. */
  async #unauthorised(response: Response): Promise<Asked> {
    if (!this.#renewed) {
      this.#renewed = true;
      await this.#options.tokens.refresh();
      return { outcome: 'aborted', waited: false };
    }
    this.#options.view.refuse(await problemOf(response));
    return { outcome: 'refused', waited: false };
  }

  #retryAfter(response: Response): { retryAfter_ms?: number } {
    const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
    return Number.isFinite(seconds) ? { retryAfter_ms: seconds * 1_000 } : {};
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    return { status: response.status, ...(JSON.parse(text) as Problem) };
  } catch {
    return { type: 'about:blank', status: response.status, detail: text.slice(0, 200) };
  }
}
