/** Commands: sent once, remembered by key. What the network swallowed is `unknown`, and asking again with its key is safe. */
import type { Environment } from './environment.js';
import { problemOf } from './poller.js';
import type { Tokens } from './tokens.js';
import { parseVersionToken, versionToken, type Json, type Problem } from './wire.js';

export interface Accepted {
  readonly state: 'accepted';
  readonly epoch: string;
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  readonly events: readonly string[];
}

export type CommandResult =
  | Accepted
  /** The server said no; `retryAfter_ms` where it says that a later try may pass. */
  | { readonly state: 'refused'; readonly problem: Problem; readonly retryAfter_ms?: number }
  /** Sent, but no answer came: it may or may not have happened. `ask` resolves it with the same key. */
  | { readonly state: 'unknown'; readonly key: string; readonly ask: () => Promise<CommandResult> };

export interface CommandOptions {
  readonly key?: string;
  /** Expected stream version. */
  readonly ifMatch?: number;
}

const deadline_ms = 30_000;
const memory = 'plimsoll.position';

export class Commands {
  readonly #environment: Environment;
  readonly #url: string;
  readonly #tokens: Tokens;
  #own: { epoch: string; position: number } | undefined;

  constructor(environment: Environment, url: string, tokens: Tokens) {
    this.#environment = environment;
    this.#url = url;
    this.#tokens = tokens;
    this.#own = parseVersionToken(environment.storage?.getItem(memory));
  }

  /** Where the last accepted command of this tab stands in the log; survives a reload. */
  get position(): { epoch: string; position: number } | undefined {
    return this.#own;
  }

  async send(context: string, name: string, body: Json, options: CommandOptions = {}): Promise<CommandResult> {
    const key = options.key ?? newKey();
    return this.#attempt(context, name, body, { ...options, key }, true);
  }

  async #attempt(
    context: string,
    name: string,
    body: Json,
    options: CommandOptions & { key: string },
    mayRenew: boolean,
  ): Promise<CommandResult> {
    const { clock, fetch } = this.#environment;
    const token = await this.#tokens.get();
    const request = new AbortController();
    const deadline = clock.setTimeout(() => request.abort(), deadline_ms);
    try {
      const response = await fetch(
        `${this.#url}/v1/commands/${encodeURIComponent(context)}/${encodeURIComponent(name)}`,
        {
          method: 'POST',
          headers: {
            'Content-Type': 'application/json',
            'Idempotency-Key': options.key,
            ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
            ...(options.ifMatch === undefined ? {} : { 'If-Match': `"${options.ifMatch}"` }),
          },
          body: JSON.stringify(body),
          signal: request.signal,
        },
      );
      if (response.status === 401 && mayRenew) {
        await this.#tokens.refresh();
        return await this.#attempt(context, name, body, options, false);
      }
      return await this.#answer(response);
    } catch {
      return { state: 'unknown', key: options.key, ask: () => this.#attempt(context, name, body, options, true) };
    } finally {
      clock.clearTimeout(deadline);
    }
  }

  async #answer(response: Response): Promise<CommandResult> {
    if (response.ok) {
      const accepted: Accepted = { ...((await response.json()) as Omit<Accepted, 'state'>), state: 'accepted' };
      this.#remember(accepted);
      return accepted;
    }
    const retryAfter_s = Number(response.headers.get('Retry-After') ?? Number.NaN);
    const problem = await problemOf(response);
    return Number.isFinite(retryAfter_s)
      ? { state: 'refused', problem, retryAfter_ms: retryAfter_s * 1_000 }
      : { state: 'refused', problem };
  }

  #remember({ epoch, position }: Accepted): void {
    if (this.#own?.epoch === epoch && this.#own.position >= position) return;
    this.#own = { epoch, position };
    this.#environment.storage?.setItem(memory, versionToken(epoch, position));
  }
}

function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
