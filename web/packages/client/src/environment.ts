/** Everything outside that the SDK touches, so that tests can give it a clock, dice, sockets and a network of their own. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  setTimeout(task: () => void, delay_ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (task, delay_ms) => globalThis.setTimeout(task, delay_ms),
  clearTimeout: (timer) => globalThis.clearTimeout(timer as ReturnType<typeof globalThis.setTimeout>),
};

/** The part of a browser's WebSocket that is used. */
export type SocketLike = Pick<WebSocket, 'send' | 'close' | 'onopen' | 'onmessage' | 'onclose' | 'onerror'>;

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
}

const browserPage: PageSignals = (listener) => {
  if (typeof document === 'undefined') return () => undefined;
  const stop = new AbortController();
  const options = { signal: stop.signal };
  const tell = (signal: PageSignal) => () => listener(signal);
  document.addEventListener('visibilitychange', () => listener(document.hidden ? 'hidden' : 'visible'), options);
  window.addEventListener('online', tell('online'), options);
  window.addEventListener('pagehide', tell('pagehide'), options);
  window.addEventListener('pageshow', tell('pageshow'), options);
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
    fetch: overrides.fetch ?? globalThis.fetch.bind(globalThis),
    WebSocket: overrides.WebSocket ?? globalThis.WebSocket,
    clock: overrides.clock ?? systemClock,
    random: overrides.random ?? Math.random,
    storage: overrides.storage ?? browserStorage(),
    page: overrides.page ?? browserPage,
  };
}
