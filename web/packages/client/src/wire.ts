/** The frames and documents of the wire protocol `plimsoll.v1.json`, as this client reads and writes them. */

export const subprotocol = 'plimsoll.v1.json';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** One row of a view: its key, its place in the log, and the columns of its table. */
export interface Row {
  readonly key: string;
  readonly position: number;
  readonly revision?: number;
  readonly state?: 'provisional' | 'final';
  readonly [column: string]: Json | undefined;
}

/** RFC 9457 problem document. */
export interface Problem {
  readonly type: string;
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly [member: string]: Json | undefined;
}

export type StaleReason = 'lagging' | 'parked' | 'paused' | 'rebuilding' | 'disconnected' | 'silent';

export type ServerFrame =
  | {
      type: 'welcome';
      connection: string;
      heartbeat_ms: number;
      token_expires_at?: string | null;
      reconnect?: { min_ms: number; max_ms: number };
    }
  | {
      type: 'subscribed';
      id: string;
      topic: number;
      mode: 'snapshot' | 'resume';
      epoch: string;
      position: number;
      version?: number;
    }
  | {
      type: 'snapshot';
      topic: number;
      epoch: string;
      position: number;
      as_of: string | null;
      part: number;
      last: boolean;
      rows: Row[];
    }
  | {
      type: 'delta';
      topic: number;
      base: number;
      position: number;
      as_of: string | null;
      upsert?: Row[];
      remove?: string[];
    }
  | { type: 'progress'; topic: number; position: number; as_of: string | null }
  | { type: 'stale'; topic: number; since?: string; reason: StaleReason; behind?: number }
  | { type: 'fresh'; topic: number }
  | { type: 'promoted'; topic: number; from_version: number; to_version: number; position: number }
  | { type: 'reset'; topic: number; reason: string }
  | { type: 'reached'; id: string; position: number; ok: boolean }
  | { type: 'unsubscribed'; id: string; problem?: Problem }
  | { type: 'error'; id?: string; problem: Problem }
  | { type: 'draining'; after_ms: number; window_ms: number }
  | { type: 'ping' };

export type ClientFrame =
  | { type: 'hello'; token?: string; sdk: string }
  | { type: 'auth'; token: string }
  | { type: 'subscribe'; id: string; view: string; params: Params; from?: string }
  | { type: 'unsubscribe'; id: string }
  | { type: 'wait'; id: string; view: string; position: number; timeout_ms: number }
  | { type: 'pong' };

/** Query parameters of a view: names and values as in a URL. */
export type Params = Readonly<Record<string, string>>;

/** Answer of `GET /v1/views/{view}`. */
export interface ViewAnswer {
  readonly epoch: string;
  readonly position: number;
  readonly as_of: string | null;
  readonly stale?: { reason: StaleReason; since?: string; behind?: number } | null;
  readonly rows: Row[];
  readonly next?: string | null;
}

/** The version token `epoch.position`, padded so that tokens sort as strings. */
export function versionToken(epoch: string, position: number): string {
  return `${epoch}.${String(position).padStart(12, '0')}`;
}

/** Reads a version token; undefined when it is none. */
export function parseVersionToken(token: string | null | undefined): { epoch: string; position: number } | undefined {
  const match = /^([^.]+)\.(\d+)$/.exec(token ?? '');
  return match?.[1] && match[2] ? { epoch: match[1], position: Number(match[2]) } : undefined;
}
