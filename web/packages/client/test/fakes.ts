/** A clock, dice, sockets, a network and a page that a test holds in its hands. */
import type { Clock, PageSignal, PageSignals, SocketConstructor } from '../src/environment.js';
import { Client, type ClientOptions } from '../src/client.js';
import type { ClientFrame, Row, ServerFrame } from '../src/wire.js';

export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  #next = 0;
  readonly #tasks = new Map<number, { due: number; task: () => void }>();

  now(): number {
    return this.#now;
  }

  setTimeout(task: () => void, delay_ms: number): unknown {
    this.#next += 1;
    this.#tasks.set(this.#next, { due: this.#now + delay_ms, task });
    return this.#next;
  }

  clearTimeout(timer: unknown): void {
    this.#tasks.delete(timer as number);
  }

  /** Lives through `ms`, running what falls due in order and letting promises settle between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const due = [...this.#tasks].filter(([, one]) => one.due <= end).sort((a, b) => a[1].due - b[1].due)[0];
      if (due === undefined) break;
      this.#tasks.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].due);
      due[1].task();
    }
    this.#now = end;
    await settle();
  }

  /** The machine slept: time passed and nothing ran. */
  jump(ms: number): void {
    this.#now += ms;
  }
}

export async function settle(): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await Promise.resolve();
}

/** A frame of the server of which a test gives only what it is about. */
type Loose = ServerFrame extends infer Frame
  ? Frame extends { type: infer Type }
    ? { type: Type } & Partial<Omit<Frame, 'type'>>
    : never
  : never;

export class FakeSocket {
  static all: FakeSocket[] = [];
  static get last(): FakeSocket {
    const socket = FakeSocket.all.at(-1);
    if (socket === undefined) throw new Error('no socket was opened');
    return socket;
  }
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly sent: ClientFrame[] = [];
  closedWith: number | undefined;
  readonly url: string;
  readonly protocols: string[];

  constructor(url: string, protocols: string[]) {
    this.url = url;
    this.protocols = protocols;
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame);
  }

  close(code?: number): void {
    this.closedWith = code;
  }

  say(...frames: Loose[]): void {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
  }

  die(code: number): void {
    this.onclose?.({ code });
  }

  async open(): Promise<void> {
    this.onopen?.(undefined as never);
    await settle();
  }

  of<Type extends ClientFrame['type']>(type: Type): Extract<ClientFrame, { type: Type }>[] {
    return this.sent.filter((frame): frame is Extract<ClientFrame, { type: Type }> => frame.type === type);
  }
}

export interface Stage {
  readonly client: Client;
  readonly clock: FakeClock;
  readonly page: (signal: PageSignal) => void;
  readonly requests: Request[];
  /** Answers the requests to come; a thrown error is a network failure. */
  answer: (request: Request) => Response | Promise<Response>;
  random: number;
  /** Whether event streams are answered by `answer` too; else they do not exist here. */
  streams: boolean;
}

/** As long as an animation frame takes. */
const frame_ms = 16;

type StageOptions = Partial<Omit<ClientOptions, 'clock'>> & { readonly clock?: FakeClock };

/** A client whose whole outside is in the test's hands. */
export function stage({ clock = new FakeClock(), ...options }: StageOptions = {}): Stage {
  FakeSocket.all = [];
  const listeners = new Set<(signal: PageSignal) => void>();
  const signals: PageSignals = (listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  const self: Omit<Stage, 'client'> = {
    clock,
    page: (signal) => [...listeners].forEach((listener) => listener(signal)),
    requests: [],
    answer: () => {
      throw new TypeError('network');
    },
    random: 0.5,
    streams: false,
  };
  const fetch = (async (url: string, init: RequestInit) => {
    const request = new Request(url, init);
    if (!self.streams && url.includes('/changes')) return new Response(null, { status: 404 });
    self.requests.push(request);
    return Promise.race([
      Promise.resolve(request).then((one) => self.answer(one)),
      new Promise<never>((_, reject) => init.signal?.addEventListener('abort', () => reject(new Error('aborted')))),
    ]);
  }) as typeof globalThis.fetch;
  const client = new Client({
    url: 'http://server.test',
    token: 'secret',
    WebSocket: FakeSocket as unknown as SocketConstructor,
    clock,
    random: () => self.random,
    page: signals,
    storage: undefined,
    frame: (task) => void clock.setTimeout(task, frame_ms),
    ...options,
    fetch,
  });
  return Object.assign(self, { client });
}

export const welcome: Loose = { type: 'welcome', connection: 'c1', heartbeat_ms: 25_000 };

export function row(key: string, position: number, columns: Record<string, number> = {}): Row {
  return { key, position, revision: 0, state: 'provisional', ...columns };
}

/** Opens the last socket up to `welcome`. */
export async function greet(): Promise<FakeSocket> {
  const socket = FakeSocket.last;
  await socket.open();
  socket.say(welcome);
  return socket;
}

/** Answers the last subscription with a snapshot on `topic`. */
export function snapshot(socket: FakeSocket, topic: number, epoch: string, position: number, rows: Row[]): void {
  const id = socket.of('subscribe').at(-1)?.id ?? '';
  socket.say(
    { type: 'subscribed', id, topic, mode: 'snapshot', epoch, position, version: 1 },
    { type: 'snapshot', topic, epoch, position, as_of: null, part: 0, last: true, rows },
  );
}
