/** Plimsoll's SDK: live views and commands, without a framework. Run as a shared worker, the module serves tabs. */
import { systemClock } from './environment.js';
import { Hub } from './hub.js';
import { subprotocol } from './wire.js';
import { serve } from './worker.js';

export { Client, createClient, pageClient, type ClientOptions } from './client.js';
export type { Accepted, CommandOptions, CommandResult } from './commands.js';
export type { Clock, Environment, PageSignal, SocketConstructor, SocketLike } from './environment.js';
export type { RowChange } from './replica.js';
export type { TokenSource } from './http.js';
export type { LinkKind, LinkStatus } from './transport.js';
export { NotReached, View, type Staleness, type ViewState } from './view.js';
export {
  parseVersionToken,
  sdkVersion,
  versionToken,
  type Json,
  type Params,
  type Problem,
  type Row,
  type StaleReason,
} from './wire.js';

if ('SharedWorkerGlobalScope' in globalThis) {
  const hub = new Hub((url) => new WebSocket(url, [subprotocol]), systemClock);
  serve((line) => hub.join(line));
}
