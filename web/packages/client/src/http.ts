/** Requests with this client's token, and what it knows of its own writes. */
import type { Environment } from './environment.js';
import { parseVersionToken, versionToken, type Problem, type Version } from './wire.js';

/** Where the bearer token comes from; `refresh`: the last one was refused or is about to end. */
export type TokenSource = (why: { refresh: boolean }) => Promise<string | undefined>;

export interface Ask extends Omit<RequestInit, 'headers'> {
  readonly headers?: Readonly<Record<string, string>>;
}

const memory = 'plimsoll.position';

export class Http {
  readonly environment: Environment;
  readonly url: string;
  /** Where the last accepted command of this tab stands in the log; survives a reload. */
  own: Version | undefined;
  readonly #source: TokenSource;
  #token: Promise<string | undefined> | undefined;

  constructor(environment: Environment, url: string, source: TokenSource) {
    this.environment = environment;
    this.url = url;
    this.#source = source;
    this.own = parseVersionToken(environment.storage?.getItem(memory));
  }

  /** Asked for once and shared; a failed request for a token is not kept, the next caller asks again. */
  token(refresh = false): Promise<string | undefined> {
    if (refresh || this.#token === undefined) {
      const asked = this.#source({ refresh });
      this.#token = asked;
      asked.catch(() => {
        if (this.#token === asked) this.#token = undefined;
      });
    }
    return this.#token;
  }

  /** A refused token is renewed once. */
  async ask(path: string, init: Ask = {}, refresh = false): Promise<Response> {
    const token = await this.token(refresh);
    const headers = token === undefined ? init.headers : { ...init.headers, Authorization: `Bearer ${token}` };
    const response = await this.environment.fetch(this.url + path, { ...init, headers });
    return response.status === 401 && !refresh ? this.ask(path, init, true) : response;
  }

  remember({ epoch, position }: Version): void {
    if (this.own?.epoch === epoch && this.own.position >= position) return;
    this.own = { epoch, position };
    this.environment.storage?.setItem(memory, versionToken(epoch, position));
  }
}

/** `Retry-After` in milliseconds; undefined where the server names no time. */
export function retryAfter_ms({ headers }: Response): number | undefined {
  const seconds = parseFloat(headers.get('Retry-After') ?? '');
  return seconds >= 0 ? seconds * 1_000 : undefined;
}

export async function problemOf(response: Response): Promise<Problem> {
  const { status } = response;
  const detail = await response.text();
  try {
    return { status, ...(JSON.parse(detail) as Problem) };
  } catch {
    return { type: 'about:blank', status, detail: detail.slice(0, 200) };
  }
}
