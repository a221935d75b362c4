/** Everything outside that the SDK touches, so that tests can give it a clock, dice, sockets and a network of their own. */

import type { Share } from './worker.js';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  setTimeout(task: () => void, delay_ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (task, delay_ms) => setTimeout(task, delay_ms),
  clearTimeout: (timer) => clearTimeout(timer as number | undefined),
};

/** The part of a browser's WebSocket that is used. */
export interface SocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

/** Closes a socket of which nothing more is wanted, not even its end. */
export function letGo(socket: SocketLike | undefined): void {
  if (socket === undefined) return;
  socket.onopen = socket.onmessage = socket.onclose = null;
  socket.close(1000);
}

export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

export interface TextStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export type PageSignal = 'visible' | 'hidden' | 'online' | 'pagehide' | 'pageshow';

/** What the page tells about itself; returns how to stop listening. */
export type PageSignals = (listener: (signal: PageSignal) => void) => () => void;

export interface Environment {
  readonly fetch: typeof globalThis.fetch;
  readonly WebSocket: SocketConstructor | undefined;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly storage: TextStorage | undefined;
  readonly page: PageSignals;
  /** Runs a task with the next animation frame; each second where nobody looks. */
  readonly frame: (task: () => void) => void;
  /** How tabs of this browser share a socket; undefined where they do not. */
  readonly share: Share | undefined;
}

const hiddenFrame_ms = 1_000;

const browserFrame = (task: () => void): void => {
  if (globalThis.document?.hidden === false) requestAnimationFrame(task);
  else setTimeout(task, hiddenFrame_ms);
};

const browserPage: PageSignals = (listener) => {
  if (typeof document === 'undefined') return () => undefined;
  const stop = new AbortController();
  const options = { signal: stop.signal };
  document.addEventListener('visibilitychange', () => listener(document.visibilityState), options);
  for (const signal of ['online', 'pagehide', 'pageshow'] as const)
    window.addEventListener(signal, () => listener(signal), options);
  return () => stop.abort();
};

/** Storage may be forbidden by the browser; then positions are remembered for this page only. */
function browserStorage(): TextStorage | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined;
  }
}

export function browserEnvironment(overrides: Partial<Environment>): Environment {
  return {
    fetch: globalThis.fetch.bind(globalThis),
    WebSocket: globalThis.WebSocket,
    clock: systemClock,
    random: Math.random,
    storage: browserStorage(),
    page: browserPage,
    frame: browserFrame,
    share: undefined,
    ...overrides,
  };
}
