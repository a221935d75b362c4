/** Which view stands behind which id and topic of one socket. */
import { Feed, type TopicFrame } from './feed.js';
import type { View } from './view.js';
import { isPassing, type ClientFrame, type Problem, type ServerFrame } from './wire.js';

export class Subscriptions {
  /** Frames a second that will do; undefined = the cohort's own pace. */
  max_hz: number | undefined;
  readonly #feeds = new Map<View, Feed>();
  readonly #send: (frame: ClientFrame) => void;
  readonly #retryLater: (view: View) => void;
  #lastId = 0;

  constructor(send: (frame: ClientFrame) => void, retryLater: (view: View) => void) {
    this.#send = send;
    this.#retryLater = retryLater;
  }

  subscribe(view: View): void {
    view.begin();
    this.#ask(view);
  }

  /** The same views at another pace; they go on from where they are. */
  pace(max_hz: number | undefined): void {
    this.max_hz = max_hz;
    for (const view of [...this.#feeds.keys()]) this.#ask(view);
  }

  unsubscribe(view: View): void {
    const feed = this.#feeds.get(view);
    if (feed === undefined) return;
    this.#feeds.delete(view);
    this.#send({ type: 'unsubscribe', id: feed.id });
  }

  wait({ name: view }: View, position: number, timeout_ms: number): void {
    this.#send({ type: 'wait', id: `${this.#lastId++} ${view}`, view, position, timeout_ms });
  }

  /** What one has reached, all views of its name have. */
  reached({ id, ok, position }: Extract<ServerFrame, { type: 'reached' }>): void {
    for (const { view } of this.#feeds.values()) if (ok && id.endsWith(` ${view.name}`)) view.reached(position);
  }

  /** A problem named one subscription: for good, or to be tried again. */
  failed(id: string, problem: Problem): void {
    for (const { id: known, view } of this.#feeds.values()) {
      if (known !== id) continue;
      this.#feeds.delete(view);
      if (isPassing(problem.status ?? 0)) this.#retryLater(view);
      else view.refuse(problem);
    }
  }

  topic(frame: TopicFrame): void {
    for (const feed of [...this.#feeds.values()])
      if (frame.type === 'subscribed' ? feed.id === frame.id : feed.topic === frame.topic) feed.take(frame);
  }

  silent(since_ms: number): void {
    for (const feed of this.#feeds.values()) feed.silent(since_ms);
  }

  #ask(view: View): void {
    const topic = this.#feeds.get(view)?.topic;
    this.unsubscribe(view);
    const feed = new Feed(`v${this.#lastId++}`, view, () => this.subscribe(view));
    feed.topic = topic;
    this.#feeds.set(view, feed);
    this.#send({
      type: 'subscribe',
      id: feed.id,
      view: view.name,
      params: view.params,
      from: view.replica.cursor,
      max_hz: this.max_hz,
    });
  }
}
