/** Where a browser can share: this very module, run again as a shared worker, holds the socket of all its tabs. */
import type { SocketLike } from './environment.js';
import type { Line } from './hub.js';

/** The shell's policy lets scripts be named only by a policy of this name, and lets it be made more than once. */
const policyName = 'svelte-trusted-html';

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string };
}

/** A line to the worker of these people; `onLost` where there is none after all. */
export type Share = (who: string, onLost: () => void) => Line;

/** Tabs find each other by script and by who they are; undefined where the browser shares nothing. */
export function shareBy(script: string): Share | undefined {
  if (!('SharedWorker' in globalThis)) return undefined;
  return (name, onLost) => {
    const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
    const policy = trustedTypes?.createPolicy(policyName, { createScriptURL: (url) => url });
    const worker = new SharedWorker(policy?.createScriptURL(script) ?? script, { name, type: 'module' });
    worker.onerror = onLost;
    return worker.port;
  };
}

/** Inside the worker. A tab says goodbye when it is put away; where it crashes, its port tells. */
export function serve(join: (line: Line) => () => void): void {
  globalThis.addEventListener('connect', (event) => {
    const [port] = (event as MessageEvent).ports;
    port?.addEventListener('close', join(port));
  });
}

/** A shared socket as one tab sees it. It never opens where nothing can be shared. */
export class LineSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  #line: Line | undefined;
  #closed = false;

  constructor(url: string, share: Share, token: Promise<string | undefined>) {
    const tell = (code: number): void => this.onclose?.({ code });
    token
      .then((text) => {
        if (this.#closed) return;
        const line = share(identityOf(text), () => tell(1006));
        this.#line = line;
        line.onmessage = ({ data }: MessageEvent<string | number | null>) => {
          if (data === null) this.onopen?.();
          else if (typeof data === 'number') tell(data);
          else this.onmessage?.({ data });
        };
        line.postMessage({ url });
      })
      .catch(() => tell(1006));
  }

  send(text: string): void {
    this.#line?.postMessage(text);
  }

  close(): void {
    this.#closed = true;
    this.#line?.postMessage(null);
    this.#line?.close();
  }
}

/** Whose numbers they are: tabs of different people never share a socket. Throws where it cannot be told. */
function identityOf(token: string | undefined): string {
  const claims = (token?.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
  const { tenant, sub, scope, own } = JSON.parse(atob(claims)) as Record<string, unknown>;
  return JSON.stringify([tenant, sub, scope, own]);
}
