/** Commands: sent once, remembered by key. What the network swallowed is `unknown`, and asking again with its key is safe. */
import { problemOf, retryAfter_ms, type Http } from './http.js';
import type { Json, Problem } from './wire.js';

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
  | { readonly state: 'refused'; readonly problem: Problem; readonly retryAfter_ms?: number | undefined }
  /** Sent, but no answer came: it may or may not have happened. `ask` resolves it with the same key. */
  | { readonly state: 'unknown'; readonly key: string; readonly ask: () => Promise<CommandResult> };

export interface CommandOptions {
  readonly key?: string;
  /** Expected stream version. */
  readonly ifMatch?: number;
}

const deadline_ms = 30_000;

/** `path` names context and command. */
export async function sendCommand(
  http: Http,
  path: string,
  body: Json,
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { clock } = http.environment;
  const { key = newKey(), ifMatch } = options;
  const request = new AbortController();
  const deadline = clock.setTimeout(() => request.abort(), deadline_ms);
  try {
    const response = await http.ask(path, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Idempotency-Key': key,
        ...(ifMatch !== undefined && { 'If-Match': `"${ifMatch}"` }),
      },
      body: JSON.stringify(body),
      signal: request.signal,
    });
    if (!response.ok)
      return { state: 'refused', retryAfter_ms: retryAfter_ms(response), problem: await problemOf(response) };
    const accepted: Accepted = { ...((await response.json()) as Accepted), state: 'accepted' };
    http.remember(accepted);
    return accepted;
  } catch {
    return { state: 'unknown', key, ask: () => sendCommand(http, path, body, { ...options, key }) };
  } finally {
    clock.clearTimeout(deadline);
  }
}

function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
