/** What the server put into the page, and the first questions that the page asks. */
import { pageClient, type Client } from '@plimsoll/client';
import type { Manifest } from '@plimsoll/contract';
import type { Tenant } from './tenant.js';

export interface Boot {
  readonly fragments: readonly Manifest[];
  readonly locale?: string | null;
}

export function readBoot(): Boot {
  return JSON.parse(document.getElementById('plimsoll-boot')?.textContent ?? '{"fragments":[]}') as Boot;
}

/** The server hands out no token here: somebody has to bring one. */
export class NoToken extends Error {
  override name = 'NoToken';
}

async function developmentToken(): Promise<string> {
  const answer = await fetch('/v1/dev/token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  });
  if (answer.status === 404) throw new NoToken();
  if (!answer.ok) throw new Error(`token: ${answer.status}`);
  return ((await answer.json()) as { token: string }).token;
}

export function connect(): Client {
  return pageClient({ url: location.origin, getToken: developmentToken });
}

export async function readTenant(client: Client): Promise<Tenant> {
  const answer = await client.get('/v1/config');
  if (!answer.ok) throw new Error(`config: ${answer.status}`);
  const config = (await answer.json()) as Partial<Tenant>;
  if (config.zone === undefined || config.cut === undefined) throw new Error('config: zone and cut expected');
  return { zone: config.zone, cut: config.cut };
}
