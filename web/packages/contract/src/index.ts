/**
 * What a shell and a fragment know of each other: a function to mount, a frozen context, four outward events.
 * Neither side may pass runes, stores or framework contexts across, so each may run its own framework version.
 */
import type { Client } from '@plimsoll/client';

/** What a fragment may ask: live views, or views as they once were; documents; commands. */
export type Source = Pick<Client, 'live' | 'get' | 'command'>;

/** Version of this contract; a manifest with another one is not mounted. */
export const contract = 1;

export type Locale = 'ko' | 'en';
export type Theme = 'light' | 'dark';

/** Business days in the tenant's calendar, both included, as `YYYY-MM-DD`. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

/** Everything a fragment may rely on. Frozen; a change arrives as a new object through `update`. */
export interface Context {
  readonly client: Source;
  readonly locale: Locale;
  /** IANA zone of the tenant: every clock time is shown in it. */
  readonly timeZone: string;
  readonly theme: Theme;
  readonly range: DayRange;
  /** The current business day, as `YYYY-MM-DD`. */
  readonly today: string;
  /** The fragment's own part of the page address. */
  readonly params: Readonly<Record<string, string>>;
  /** Path of the page on which the fragment stands. */
  readonly url: string;
  /** `tile` asks for the compact form on an overview. */
  readonly size: 'page' | 'tile';
  /** Aborted when the fragment is taken off the page. */
  readonly signal: AbortSignal;
}

export interface Mounted {
  update(context: Context): void;
  unmount(): void;
}

export interface Fragment {
  mount(host: HTMLElement, context: Context): Mounted;
}

/** What a build tells about itself; README.md of the web half says how the server uses it. */
export interface Manifest {
  readonly name: string;
  readonly kind: 'runtime' | 'library' | 'shell' | 'fragment';
  readonly build: string;
  readonly contract: number;
  readonly runtime: string;
  readonly sdk: string;
  readonly entry: string;
  readonly css: readonly string[];
  readonly integrity: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly preload: readonly string[];
  readonly routes: readonly string[];
  readonly nav: Readonly<Record<Locale, string>> | null;
}

/** Outward events: they bubble from the fragment's host to the shell. */
export interface OutwardEvents {
  /** Go to a page, or change parameters of this one (`null` removes one). */
  'plimsoll:navigate': { path?: string; params?: Record<string, string | null> };
  /** Show the events behind one row of the answer to a question. */
  'plimsoll:explain': { view: string; params: Readonly<Record<string, string>>; key: string };
  'plimsoll:title': { title: string };
  'plimsoll:toast': { text: string; tone: 'info' | 'warning' };
}

export function emit<Name extends keyof OutwardEvents>(from: Element, name: Name, detail: OutwardEvents[Name]): void {
  from.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
}
