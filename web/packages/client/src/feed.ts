/** What each frame about one view means for it, whichever transport brings it. */
import { unchanged, type RowChange } from './replica.js';
import type { View } from './view.js';
import type { ServerFrame } from './wire.js';

export type TopicFrame = Extract<ServerFrame, { topic: number }>;

export class Feed {
  readonly id: string;
  readonly view: View;
  topic: number | undefined;
  /** The question is on its way: a hole seen meanwhile asks for nothing more. */
  asked = true;
  readonly #onHole: () => void;

  constructor(id: string, view: View, onHole: () => void) {
    this.id = id;
    this.view = view;
    this.#onHole = onHole;
  }

  take(frame: TopicFrame): void {
    const { view } = this;
    const { replica } = view;
    switch (frame.type) {
      case 'subscribed':
        this.topic = frame.topic;
        this.asked = false;
        view.stale = undefined;
        if (frame.mode !== 'resume') return this.#awaitRows();
        // Where something is missing, it follows in one frame.
        if (view.position >= frame.position) this.#heard(unchanged, false);
        return;
      case 'snapshot': {
        const change = replica.snapshot(frame);
        if (change !== undefined) this.#heard(change, false);
        return;
      }
      case 'delta': {
        const change = replica.delta(frame);
        if (change === 'gap') {
          if (!this.asked) this.#onHole();
        } else if (change !== 'dropped') this.#arrived(change, true);
        return;
      }
      case 'progress':
        if (replica.progress(frame.position, frame.as_of)) this.#arrived(unchanged, false);
        return;
      case 'stale':
        return view.stand({ reason: frame.reason, since_ms: Date.parse(frame.since), behind: frame.behind });
      case 'fresh':
        return view.stand(undefined);
      case 'reset':
        return this.#awaitRows();
    }
  }

  /** Marks the view when nothing was said of it since then, though the line speaks. */
  silent(since_ms: number): void {
    const { view } = this;
    const heard_ms = view.confirmed_ms;
    if (view.state === 'live' && heard_ms !== undefined && heard_ms < since_ms)
      view.stand({ reason: 'silent', since_ms: heard_ms });
  }

  #awaitRows(): void {
    this.view.enter(this.view.epoch === undefined ? 'snapshot' : 'resyncing');
  }

  #arrived(change: RowChange, newestEvent: boolean): void {
    const { view } = this;
    if (view.state === 'resyncing' && this.asked) view.heard(change, newestEvent);
    else this.#heard(change, newestEvent);
  }

  #heard(change: RowChange, newestEvent: boolean): void {
    const { view } = this;
    if (view.stale?.reason === 'silent') view.stale = undefined;
    view.heard(change, newestEvent);
    view.settle();
  }
}
