/** The worker's side of a shared socket: one connection, one subscription a question, a line to each tab. Knows no rows. */
import { letGo, type Clock, type SocketLike } from './environment.js';
import type { ClientFrame, ServerFrame } from './wire.js';

/** The part of a message port that is used. Tabs post frames, `{url}` to begin and null to end; they hear frames, null once begun and a close code. */
export type Line = Pick<MessagePort, 'postMessage' | 'onmessage' | 'close'>;

/** One tab's id for something asked; askers of one question share its `wire` id. */
interface Route {
  readonly line: Line;
  readonly id: string;
  readonly question: string | undefined;
  readonly max_hz: number | undefined;
  wire: string;
  topic?: number | undefined;
}

type Addressed = ServerFrame & { id?: string; topic?: number; problem?: unknown };

/** The server takes twenty messages a second and forty at once; all tabs together stay below. */
const gap_ms = 60;
const burst = 30;

export class Hub {
  readonly #open: (url: string) => SocketLike;
  readonly #clock: Clock;
  readonly #lines = new Set<Line>();
  #routes: Route[] = [];
  #url = '';
  #socket: SocketLike | undefined;
  #welcome: string | undefined;
  #lastId = 0;
  #due_ms = 0;

  constructor(open: (url: string) => SocketLike, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** Takes a tab in; the returned function says that it is gone. */
  join(line: Line): () => void {
    const leave = (): void => this.#leave(line);
    line.onmessage = ({ data }: MessageEvent<string | { url: string } | null>) => {
      if (data === null) leave();
      else if (typeof data === 'string') this.#said(line, JSON.parse(data) as ClientFrame);
      else {
        this.#url = data.url;
        this.#lines.add(line);
        line.postMessage(null);
      }
    };
    return leave;
  }

  #said(line: Line, frame: ClientFrame): void {
    switch (frame.type) {
      case 'hello':
        if (this.#welcome !== undefined) line.postMessage(this.#welcome);
        else if (this.#socket === undefined) this.#connect(frame);
        return;
      case 'auth':
        return this.#send(frame);
      case 'subscribe':
        return this.#subscribe(line, frame);
      case 'wait':
        return this.#send({ ...frame, id: this.#route(line, frame.id) });
      case 'unsubscribe':
        for (const route of this.#routes) if (route.line === line && route.id === frame.id) this.#end(route);
    }
  }

  /** The newest asker asks for all: everyone hears the answer, and takes from it what they do not have. */
  #subscribe(line: Line, frame: Extract<ClientFrame, { type: 'subscribe' }>): void {
    const question = JSON.stringify([frame.view, frame.params]);
    const others = this.#routes.filter((route) => route.question === question);
    const id = this.#route(line, frame.id, question, frame.max_hz);
    if (others[0] !== undefined) this.#send({ type: 'unsubscribe', id: others[0].wire });
    for (const route of others) route.wire = id;
    const slow = others.every(({ max_hz }) => max_hz);
    this.#send({ ...frame, id, max_hz: slow ? frame.max_hz : undefined });
  }

  #route(line: Line, id: string, question?: string, max_hz?: number): string {
    const wire = `s${this.#lastId++}`;
    this.#routes.push({ line, id, question, max_hz, wire });
    return wire;
  }

  #end(route: Route): void {
    this.#routes = this.#routes.filter((one) => one !== route);
    if (route.question && !this.#routes.some(({ wire }) => wire === route.wire))
      this.#send({ type: 'unsubscribe', id: route.wire });
  }

  #connect(hello: ClientFrame): void {
    const socket = this.#open(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#send(hello);
    socket.onmessage = ({ data }: { data: unknown }) => this.#heard(String(data));
    socket.onclose = ({ code }: { code: number }) => this.#closed(code);
  }

  #heard(text: string): void {
    const frame = JSON.parse(text) as Addressed;
    const { type, id, topic, problem } = frame;
    if (type === 'welcome') this.#welcome = text;
    if (type === 'ping') this.#send({ type: 'pong' });
    if (id === undefined) {
      const lines =
        topic === undefined ? this.#lines : this.#routes.filter((one) => one.topic === topic).map((one) => one.line);
      for (const line of new Set(lines)) line.postMessage(text);
      return;
    }
    for (const route of this.#routes.filter(({ wire }) => wire === id)) {
      route.topic = topic;
      route.line.postMessage(JSON.stringify({ ...frame, id: route.id }));
    }
    // Answered for good, or refused: nobody waits for this id any more.
    if (type === 'reached' || problem) this.#routes = this.#routes.filter(({ wire }) => wire !== id);
  }

  #closed(code: number): void {
    letGo(this.#socket);
    this.#socket = this.#welcome = undefined;
    this.#routes = [];
    for (const line of this.#lines) line.postMessage(code);
    this.#lines.clear();
  }

  /** The last one out closes the socket; and who leaves before `welcome` has waited for it in vain. */
  #leave(line: Line): void {
    if (!this.#lines.delete(line)) return;
    if (this.#lines.size === 0 || this.#welcome === undefined) return this.#closed(1006);
    for (const route of this.#routes) if (route.line === line) this.#end(route);
  }

  #send(frame: ClientFrame): void {
    const now = this.#clock.now();
    const socket = this.#socket;
    const send = (): void => {
      if (this.#socket === socket) socket?.send(JSON.stringify(frame));
    };
    this.#due_ms = Math.max(this.#due_ms, now - burst * gap_ms) + gap_ms;
    if (this.#due_ms <= now) send();
    else this.#clock.setTimeout(send, this.#due_ms - now);
  }
}
