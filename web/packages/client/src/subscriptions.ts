/** Which view stands behind which id and topic of one socket, and what each frame means for it. */
import type { Clock } from './environment.js';
import type { RowChange } from './replica.js';
import type { View } from './view.js';
import type { ClientFrame, Problem, ServerFrame } from './wire.js';

interface Subscription {
  id: string;
  topic: number | undefined;
  readonly view: View;
  /** A subscribe is on its way: a hole seen meanwhile asks for nothing more. */
  asked: boolean;
  /** A resume was promised up to here. */
  target: number;
}

type TopicFrame = Extract<ServerFrame, { topic: number }>;

const unchanged: RowChange = { upserted: [], removed: [] };
const retriable = new Set([408, 425, 429, 500, 502, 503, 504]);

export class Subscriptions {
  readonly #byView = new Map<View, Subscription>();
  readonly #clock: Clock;
  readonly #send: (frame: ClientFrame) => void;
  readonly #retryLater: (view: View) => void;
  readonly #waits = new Map<string, View>();
  #lastId = 0;

  constructor(clock: Clock, send: (frame: ClientFrame) => void, retryLater: (view: View) => void) {
    this.#clock = clock;
    this.#send = send;
    this.#retryLater = retryLater;
  }

  subscribe(view: View): void {
    const old = this.#byView.get(view);
    if (old !== undefined) this.#send({ type: 'unsubscribe', id: old.id });
    this.#lastId += 1;
    const id = `v${this.#lastId}`;
    this.#byView.set(view, { id, topic: old?.topic, view, asked: true, target: 0 });
    const from = view.replica.cursor;
    view.forgetStaleness();
    view.enter(from === undefined ? 'connecting' : 'resyncing');
    this.#send({
      type: 'subscribe',
      id,
      view: view.name,
      params: view.params,
      ...(from === undefined ? {} : { from }),
    });
  }

  unsubscribe(view: View): void {
    const subscription = this.#byView.get(view);
    if (subscription === undefined) return;
    this.#byView.delete(view);
    this.#send({ type: 'unsubscribe', id: subscription.id });
  }

  wait(view: View, position: number, timeout_ms: number): void {
    this.#lastId += 1;
    const id = `w${this.#lastId}`;
    this.#waits.set(id, view);
    this.#send({ type: 'wait', id, view: view.name, position, timeout_ms });
  }

  reached(frame: Extract<ServerFrame, { type: 'reached' }>): void {
    const view = this.#waits.get(frame.id);
    this.#waits.delete(frame.id);
    if (frame.ok) view?.reached(frame.position);
  }

  subscribed(frame: Extract<ServerFrame, { type: 'subscribed' }>): void {
    const subscription = this.#byId(frame.id);
    if (subscription === undefined) return;
    const { view } = subscription;
    subscription.topic = frame.topic;
    subscription.asked = false;
    if (frame.mode === 'resume') {
      subscription.target = frame.position;
      if (view.position >= frame.position) this.#heard(view, unchanged, false);
      return;
    }
    view.replica.expectSnapshot();
    view.enter(view.replica.cursor === undefined ? 'snapshot' : 'resyncing');
  }

  /** A problem named one subscription: for good, or to be tried again. */
  failed(id: string, problem: Problem): void {
    const subscription = this.#byId(id);
    if (subscription === undefined) return;
    this.#byView.delete(subscription.view);
    if (retriable.has(problem.status ?? 0)) this.#retryLater(subscription.view);
    else subscription.view.refuse(problem);
  }

  topic(frame: TopicFrame): void {
    for (const subscription of [...this.#byView.values()]) {
      if (subscription.topic === frame.topic) this.#apply(subscription, frame);
    }
  }

  /** Marks views of which nothing was said for longer than `limit_ms`, though the socket speaks. */
  silent(limit_ms: number): void {
    const now = this.#clock.now();
    for (const { view } of this.#byView.values()) {
      const heard_ms = view.confirmed_ms;
      if (view.state === 'live' && heard_ms !== undefined && now - heard_ms > limit_ms) {
        view.markStale({ reason: 'silent', since_ms: heard_ms });
      }
    }
  }

  #apply(subscription: Subscription, frame: TopicFrame): void {
    const { view } = subscription;
    switch (frame.type) {
      case 'snapshot': {
        const change = view.replica.snapshot(frame);
        if (change !== undefined) this.#heard(view, change, false);
        return;
      }
      case 'delta': {
        const change = view.replica.delta(frame);
        if (change === 'gap') this.#hole(subscription);
        else if (change !== 'dropped') this.#arrived(subscription, change, true);
        return;
      }
      case 'progress':
        if (view.replica.progress(frame.position, frame.as_of)) this.#arrived(subscription, unchanged, false);
        return;
      case 'stale':
        view.markStale({ reason: frame.reason, since_ms: this.#since(frame.since), behind: frame.behind });
        return;
      case 'fresh':
        view.markFresh();
        return;
      case 'reset':
        view.replica.expectSnapshot();
        view.enter('resyncing');
        return;
      default:
        return;
    }
  }

  #arrived(subscription: Subscription, change: RowChange, newestEvent: boolean): void {
    const { view } = subscription;
    const caughtUp = view.state !== 'resyncing' || (!subscription.asked && view.position >= subscription.target);
    if (caughtUp) this.#heard(view, change, newestEvent);
    else view.heard(change, newestEvent);
  }

  #heard(view: View, change: RowChange, newestEvent: boolean): void {
    if (view.stale?.reason === 'silent') view.forgetStaleness();
    view.heard(change, newestEvent);
    view.settle();
  }

  #hole(subscription: Subscription): void {
    if (!subscription.asked) this.subscribe(subscription.view);
  }

  #since(at: string | undefined): number {
    const since_ms = Date.parse(at ?? '');
    return Number.isNaN(since_ms) ? this.#clock.now() : since_ms;
  }

  #byId(id: string): Subscription | undefined {
    for (const subscription of this.#byView.values()) if (subscription.id === id) return subscription;
    return undefined;
  }
}
