/** The wire protocol `plimsoll.v1.json` as this client reads and writes it; the shapes are generated from the server's own. */
import type { WireProblem } from '@plimsoll/contracts/WireProblem';
import type { WireRow } from '@plimsoll/contracts/WireRow';
import type { StaleReason as ServerReason } from '@plimsoll/contracts/StaleReason';

export type { ClientFrame } from '@plimsoll/contracts/ClientFrame';
export type { Delta } from '@plimsoll/contracts/Delta';
export type { ServerFrame } from '@plimsoll/contracts/ServerFrame';
export type { Snapshot } from '@plimsoll/contracts/Snapshot';
export type { ViewAnswer } from '@plimsoll/contracts/ViewAnswer';

export const sdkVersion = '0.1.0';
export const subprotocol = 'plimsoll.v1.json';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** One row of a view: its key, its place in the log, and the columns of its table. */
export type Row = Readonly<WireRow>;

/** RFC 9457 problem document; members beside `type` may be missing when something between us and the server speaks. */
export type Problem = Readonly<Partial<WireProblem> & { type: string }>;

/** Why numbers may be old; `silent` is this client's own: nothing was said about the view for too long. */
export type StaleReason = ServerReason | 'silent';

/** Query parameters of a view: names and values as in a URL. */
export type Params = Readonly<Record<string, string>>;

/** A place in a history of the log. */
export interface Version {
  readonly epoch: string;
  readonly position: number;
}

/** The version token `epoch.position`, padded so that tokens sort as strings. */
export function versionToken(epoch: string, position: number): string {
  return `${epoch}.${String(position).padStart(12, '0')}`;
}

/** Reads a version token; undefined when it is none. */
export function parseVersionToken(token: string | null | undefined): Version | undefined {
  const [epoch, position] = token?.split('.') ?? [];
  return epoch && position ? { epoch, position: Number(position) } : undefined;
}

/** Whether an answer of this status may be another one later. */
export function isPassing(status: number): boolean {
  return status >= 500 || [408, 412, 425, 429].includes(status);
}
