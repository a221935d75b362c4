/** What the client expects of a way to get views: sockets, streams and polls are interchangeable behind it. */
import type { Http } from './http.js';
import type { View } from './view.js';

export type LinkState = 'connecting' | 'open' | 'waiting' | 'offline' | 'refused';

/** The ladder, from the top down. */
export type LinkKind = 'socket' | 'stream' | 'poll';

export interface LinkStatus {
  readonly transport: LinkKind;
  readonly state: LinkState;
  /** The pause between two requests while polling. */
  readonly interval_ms?: number | undefined;
  /** The connection belongs to all tabs of this browser. */
  readonly shared?: boolean;
}

export interface TransportOptions {
  readonly http: Http;
  readonly onState: () => void;
  /** This way does not work here: another one has to be taken. */
  readonly onHopeless: () => void;
}

export interface Transport {
  readonly status: LinkStatus;
  start(views: Iterable<View>): void;
  add(view: View): void;
  remove(view: View): void;
  /** Somebody waits for `view` to contain `position`. */
  hurry(view: View, position: number, timeout_ms: number): void;
  /** Nobody looks: fewer words will do. */
  slow(on: boolean): void;
  /** Try at once whatever was being waited for. */
  retryNow(): void;
  /** The time between was not lived through: nothing shown is certain until the server speaks again. */
  distrust(): void;
  stop(): void;
}
