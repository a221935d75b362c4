/** One view's requests, one at a time: what to ask, and what each answer means for the view. */
import { Backoff } from './backoff.js';
import { listen } from './events.js';
import { Feed } from './feed.js';
import { problemOf, retryAfter_ms, type Http } from './http.js';
import { unchanged, type RowChange } from './replica.js';
import type { View } from './view.js';
import { isPassing, parseVersionToken, type Row, type StaleReason, type ViewAnswer } from './wire.js';

const wait_s = 20;
const deadline_ms = 30_000;
const silence_ms = 33_000;
const pagesAtMost = 50;

/** `poll` answers at once, `wait` when something has changed, `stream` goes on answering. */
export type How = 'poll' | 'wait' | 'stream';

/** `waited`: the server held the request; `unfit`: this way of asking does not work here. */
export type Outcome = 'answered' | 'waited' | 'busy' | 'unreachable' | 'unfit' | 'refused' | 'aborted';

export class Asker {
  /** After a busy answer: when the server wants to be asked again, where it says so. */
  retryAfter_ms: number | undefined;
  /** Of the pause between two requests. */
  timer: unknown;
  failures = 0;
  stopped = false;
  readonly backoff: Backoff;
  readonly #http: Http;
  readonly #view: View;
  readonly #feed: Feed;
  #etag: string | null | undefined;
  #request = new AbortController();
  #asksAnew = false;
  #deadline: unknown;

  constructor(http: Http, view: View) {
    this.backoff = new Backoff(http.environment.random);
    this.#http = http;
    this.#view = view;
    this.#feed = new Feed('', view, () => this.abort());
    this.#feed.asked = false;
  }

  /** Gives up the request under way, so that the next one can ask for something else. */
  abort(): void {
    this.#asksAnew = true;
    this.#request.abort();
  }

  stop(): void {
    this.stopped = true;
    this.abort();
    this.#http.environment.clock.clearTimeout(this.timer);
  }

  /** `onHeard`: a stream has begun to speak. */
  async ask(how: How, onHeard: () => void): Promise<Outcome> {
    this.#request = new AbortController();
    this.#asksAnew = false;
    let heard = false;
    this.retryAfter_ms = undefined;
    this.#within(deadline_ms);
    try {
      const response = await this.#fetch(how);
      return await (how === 'stream'
        ? this.#listen(response, () => (heard ||= (onHeard(), true)))
        : this.#judge(response));
    } catch {
      return this.#asksAnew ? 'aborted' : heard ? 'answered' : 'unreachable';
    } finally {
      this.#http.environment.clock.clearTimeout(this.#deadline);
    }
  }

  /** From now on, so long may pass until the request has failed. */
  #within(time_ms: number): void {
    const { clock } = this.#http.environment;
    const request = this.#request;
    clock.clearTimeout(this.#deadline);
    this.#deadline = clock.setTimeout(() => request.abort(), time_ms);
  }

  /** A stream says what changed behind the position at hand; else it is the whole answer, at least as new as it has to be. */
  #fetch(how: How, next?: string): Promise<Response> {
    const view = this.#view;
    const least = this.#least();
    const query = new URLSearchParams(view.params);
    const put = (name: string, value: string | undefined): void => {
      if (value !== undefined) query.set(name, value);
    };
    const headers: Record<string, string> = {};
    if (how === 'stream') {
      headers['Accept'] = 'text/event-stream';
      put('from', view.replica.cursor);
    } else {
      if (how === 'wait' || least !== undefined) headers['Prefer'] = `wait=${wait_s}`;
      if (this.#etag && (least ?? next) === undefined) headers['If-None-Match'] = this.#etag;
      put('min_position', least?.toString());
      put('next', next);
    }
    const path = `/v1/views/${encodeURIComponent(view.name)}${how === 'stream' ? '/changes' : ''}?${query}`;
    return this.#http.ask(path.replace(/\?$/, ''), { headers, signal: this.#request.signal, cache: 'no-store' });
  }

  /** The position to insist on: what somebody awaits, or one's own write that these rows do not hold yet. */
  #least(): number | undefined {
    const view = this.#view;
    const { own } = this.#http;
    const least = Math.max(view.awaited ?? 0, own && own.epoch === view.epoch ? own.position : 0);
    return least > view.position ? least : undefined;
  }

  async #judge(response: Response): Promise<Outcome> {
    const { status, headers } = response;
    if (status === 200 ? !(await this.#take(response)) : isPassing(status)) {
      this.retryAfter_ms = retryAfter_ms(response);
      return 'busy';
    }
    if (status !== 200 && status !== 304) {
      this.#view.refuse(await problemOf(response));
      return 'refused';
    }
    if (status === 304) this.#confirm(response);
    return headers.get('Preference-Applied')?.includes('wait') ? 'waited' : 'answered';
  }

  /** A stream says something at least with the server's heartbeat; one that does not is dead. */
  async #listen(response: Response, onPiece: () => void): Promise<Outcome> {
    const { status, headers } = response;
    const fit = headers.get('Content-Type')?.startsWith('text/event-stream');
    if (status === 200 ? !fit : [404, 405, 406].includes(status)) return 'unfit';
    if (!fit) return this.#judge(response);
    this.#view.stale = undefined;
    this.#within(silence_ms);
    await listen(response, (frames) => {
      this.#within(silence_ms);
      onPiece();
      for (const frame of frames) this.#feed.take(frame);
      this.#feed.silent(this.#http.environment.clock.now() - silence_ms);
    });
    return 'answered';
  }

  /** Takes all pages of one answer; pages of different positions do not make one answer. */
  async #take(response: Response): Promise<boolean> {
    const first = (await response.json()) as ViewAnswer;
    const rows: Row[] = [...first.rows];
    let { next } = first;
    for (let page = 1; next; page += 1) {
      const more = page < pagesAtMost && (await this.#fetch('poll', next));
      if (!more || more.status !== 200) return false;
      const answer = (await more.json()) as ViewAnswer;
      if (answer.position !== first.position || answer.epoch !== first.epoch) return false;
      rows.push(...answer.rows);
      next = answer.next;
    }
    this.#etag = response.headers.get('ETag');
    this.#heard(response, this.#view.replica.replace(rows, first));
    return true;
  }

  /** A 304 proves nothing about freshness by itself: its headers say how far the view has come. */
  #confirm(response: Response): void {
    const { replica } = this.#view;
    const at = parseVersionToken(response.headers.get('View-Position'));
    if (at && at.epoch === replica.epoch) replica.progress(at.position, response.headers.get('View-As-Of'));
    this.#heard(response, unchanged);
  }

  #heard(response: Response, change: RowChange): void {
    const view = this.#view;
    const reason = response.headers.get('View-State') ?? 'live';
    const since_ms = view.stale?.reason === reason ? view.stale.since_ms : this.#http.environment.clock.now();
    view.stand(reason === 'live' ? undefined : { reason: reason as StaleReason, since_ms });
    view.heard(change, false);
    view.settle();
  }
}
