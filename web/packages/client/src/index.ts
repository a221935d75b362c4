/** Plimsoll's SDK: live views and commands, without a framework. */
export { Client, createClient, pageClient, sdkVersion, type ClientOptions, type LinkStatus } from './client.js';
export type { Accepted, CommandOptions, CommandResult } from './commands.js';
export type { Clock, Environment, PageSignal, SocketConstructor, SocketLike } from './environment.js';
export type { RowChange } from './replica.js';
export type { TokenSource } from './tokens.js';
export { NotReached, View, type Staleness, type ViewState } from './view.js';
export {
  parseVersionToken,
  versionToken,
  type Json,
  type Params,
  type Problem,
  type Row,
  type StaleReason,
} from './wire.js';
