/** What the client expects of a way to get views: sockets and polls are interchangeable behind it. */
import type { View } from './view.js';

export type LinkState = 'connecting' | 'open' | 'waiting' | 'offline' | 'refused';

export interface Transport {
  readonly kind: 'socket' | 'poll';
  readonly state: LinkState;
  start(views: Iterable<View>): void;
  add(view: View): void;
  remove(view: View): void;
  /** Somebody waits for `view` to contain `position`. */
  hurry(view: View, position: number, timeout_ms: number): void;
  /** Try at once whatever was being waited for. */
  retryNow(): void;
  /** The time between was not lived through: nothing shown is certain until the server speaks again. */
  distrust(): void;
  stop(): void;
}
