import type { Client } from '@plimsoll/client';
import { describe, expect, it } from 'vitest';
import { Past } from '../src/past.js';

const row = (key: string) => ({ key, position: 1, revision: 0, state: 'final' });

function past(answer: (path: string) => Response): { source: Past; asked: string[] } {
  const asked: string[] = [];
  const client = {
    get: (path: string) => {
      asked.push(path);
      return Promise.resolve(answer(path));
    },
  } as unknown as Client;
  return { source: new Past(client, '2026-11-28T01:00:00.000Z'), asked };
}

const page = (rows: unknown[], next: string | null): Response =>
  new Response(JSON.stringify({ epoch: 'e', position: 5, as_of: null, rows, next }));

async function soon(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 50 && !holds(); turn += 1) await new Promise((resolve) => setTimeout(resolve));
}

describe('a view of the past', () => {
  it('is_answered_once_with_all_its_pages_as_of_the_moment', async () => {
    const { source, asked } = past((path) => (path.includes('next=') ? page([row('b')], null) : page([row('a')], 'n')));
    const view = source.live('revenue', { from: '2026-11-28' });
    await soon(() => view.state === 'live');
    expect([...view.rows.keys()]).toEqual(['a', 'b']);
    expect(asked[0]).toBe('/v1/views/revenue?from=2026-11-28&as_of_time=2026-11-28T01%3A00%3A00.000Z');
    expect(asked).toHaveLength(2);
  });

  it('says_why_it_cannot_be_had', async () => {
    const { source } = past(() => new Response('{"type":"x","detail":"too long ago"}', { status: 400 }));
    const view = source.live('revenue');
    await soon(() => view.problem !== undefined);
    expect(view.problem).toMatchObject({ status: 400, detail: 'too long ago' });
  });

  it('asks_for_documents_as_they_are', async () => {
    const { source, asked } = past(() => new Response('{}'));
    await source.get('/v1/views/revenue/rows/a/explain?from=x');
    await source.get('/v1/views/revenue', { headers: { Accept: 'text/csv' } });
    expect(asked[0]).not.toContain('as_of_time');
    expect(asked[1]).toBe('/v1/views/revenue?as_of_time=2026-11-28T01%3A00%3A00.000Z');
  });
});
