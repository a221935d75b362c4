import type { Client } from '@plimsoll/client';
import { formatsFor } from '@plimsoll/ui';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ExplainedChange } from '@plimsoll/contracts/ExplainedChange';
import { currencyOf, factsOf, stepsOf } from '../src/explain/change.js';
import Drawer from '../src/explain/Drawer.svelte';
import { pathOf, readQuestion, writeQuestion } from '../src/explain/question.js';

const en = formatsFor('en', 'Asia/Seoul');
const question = { view: 'sales-volume', params: { from: '2026-03-01', top: '25' }, key: 'P/1|KRW?' };

afterEach(cleanup);

describe('a question in the address', () => {
  it('survives_being_written_and_read_whatever_the_key_holds', () => {
    expect(readQuestion(writeQuestion(question))).toEqual(question);
    expect(pathOf(question, 'c2')).toBe(
      '/v1/views/sales-volume/rows/P%2F1%7CKRW%3F/explain?from=2026-03-01&top=25&limit=50&next=c2',
    );
  });

  it('is_none_where_the_text_names_no_row', () => {
    for (const text of [null, '', 'x', '../x/y?', 'a/%E0?']) expect(readQuestion(text)).toBeUndefined();
  });
});

function change(changes: Partial<ExplainedChange>): ExplainedChange {
  return {
    position: 7,
    event_id: 'E1',
    event_type: 'OrderPlaced',
    stream: 'order-O1',
    version: 1,
    occurred_at: '2026-03-01T00:00:00Z',
    recorded_at: '2026-03-01T00:00:01Z',
    actor: { kind: 'user', id: 'U1' },
    before: null,
    after: null,
    revision: null,
    facts: null,
    ...changes,
  };
}

describe('what an event changed', () => {
  it('is_shown_by_the_unit_of_each_column_and_only_where_it_differs', () => {
    const before = { net_minor: 1_050, talk_s: 60, orders: 2, position: 3, lines: 4 };
    const after = { net_minor: 250, talk_s: 3_661, orders: 3, position: 7, lines: 4 };
    expect(stepsOf({ before, after }, 'USD', en)).toEqual([
      { column: 'net_minor', before: '$10.50', after: '$2.50', by: '−$8.00' },
      { column: 'talk_s', before: '1:00', after: '1:01:01', by: '+1:00:01' },
      { column: 'orders', before: '2', after: '3', by: '+1' },
    ]);
  });

  it('of_a_new_row_begins_with_nothing', () => {
    expect(stepsOf({ before: null, after: { currency: 'KRW', net_minor: 500, returned_minor: 0 } }, 'KRW', en)).toEqual(
      [
        { column: 'currency', before: '–', after: 'KRW', by: '' },
        { column: 'net_minor', before: '–', after: '₩500', by: '+₩500' },
      ],
    );
  });

  it('is_money_of_the_rows_currency_also_when_the_row_is_gone', () => {
    expect(currencyOf({ currency: 'USD' }, [])).toBe('USD');
    expect(currencyOf(null, [change({ after: { currency: 'KRW' } }), change({ before: { n: 1 } })])).toBe('KRW');
    expect(currencyOf(null, [])).toBe('');
  });

  it('has_facts_as_text_or_names_and_parts_within_parts', () => {
    expect(factsOf('new 700 % of P', '', en)).toEqual([{ name: '', text: 'new 700 % of P' }]);
    expect(factsOf({ premium_minor: 100_000, share_bp: 6_000, none: null }, 'KRW', en)).toEqual([
      { name: 'premium_minor', text: '₩100,000' },
      { name: 'share_bp', text: '6,000' },
    ]);
    expect(factsOf({ lines: [{ line_no: 1, net_minor: 5, taken: [] }], holds: [1, 2], of: {} }, 'KRW', en)).toEqual([
      {
        name: 'lines',
        groups: [
          [
            { name: 'line_no', text: '1' },
            { name: 'net_minor', text: '₩5' },
          ],
        ],
      },
      { name: 'holds', text: '1 / 2' },
    ]);
    expect(factsOf(undefined, '', en)).toEqual([]);
  });
});

describe('the drawer', () => {
  const answer = (more: object): Response =>
    new Response(JSON.stringify({ position: 9, row: null, complete: true, ...more }));
  const show = (get: (path: string) => Promise<Response>, onclose = () => undefined): void => {
    render(Drawer, { client: { get } as unknown as Client, question, locale: 'en', timeZone: 'Asia/Seoul', onclose });
  };

  it('lists_events_in_order_and_fetches_more', async () => {
    const asked: string[] = [];
    show((path) => {
      asked.push(path);
      return Promise.resolve(
        path.includes('next=')
          ? answer({ changes: [change({ position: 8, event_id: 'E2', event_type: 'ItemReturned' })] })
          : answer({ changes: [change({ after: { orders: 1 } })], next: 'n1' }),
      );
    });
    await fireEvent.click(await screen.findByRole('button', { name: 'Show more', hidden: true }));
    await waitFor(() => expect(screen.getAllByRole('listitem', { hidden: true })).toHaveLength(2));
    const names = screen.getAllByRole('heading', { level: 3, hidden: true }).map((one) => one.textContent);
    expect(names).toEqual(['Order placed', 'Item returned']);
    expect(asked).toHaveLength(2);
  });

  it('says_what_is_wrong_and_what_is_not_there', async () => {
    show(() => Promise.resolve(new Response('{"title":"No","detail":"the log is away"}', { status: 503 })));
    expect(await screen.findByText('the log is away')).toBeTruthy();
    cleanup();
    show(() => Promise.resolve(new Response('', { status: 404 })));
    expect(await screen.findByText('This server does not explain this row.')).toBeTruthy();
  });

  it('closes_by_its_button', async () => {
    const onclose = vi.fn();
    show(() => Promise.resolve(answer({ changes: [] })), onclose);
    await fireEvent.click(screen.getByRole('button', { name: 'Close', hidden: true }));
    await waitFor(() => expect(onclose).toHaveBeenCalled());
  });
});
