import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { View } from '@plimsoll/client';
import type { Source } from '@plimsoll/contract';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { columnsFor } from '../src/columns.js';
import DataTable from '../src/components/DataTable.svelte';
import { formatsFor } from '../src/format.js';
import type { Live } from '../src/live.svelte.js';
import LiveFixture from './LiveFixture.svelte';
import Fixture from './StandingFixture.svelte';

afterEach(cleanup);

describe('a table', () => {
  const rows = [
    { key: 'a', position: 1, revision: 0, state: 'provisional' as const, name: 'apple', n: 2 },
    { key: 'b', position: 2, revision: 0, state: 'provisional' as const, name: 'beet', n: 10 },
  ];
  const make = columnsFor(formatsFor('en', 'Asia/Seoul'));
  const columns = [make.text('name', 'Name'), make.count('n', 'Count')];
  const names = () => screen.getAllByRole('rowheader').map((cell) => cell.textContent.trim());

  it('starts_with_the_largest_and_sorts_by_the_head_that_is_pressed', async () => {
    render(DataTable, { caption: 'Things', rows, columns, locale: 'en', sort: 'n' });
    expect(names()).toEqual(['beet', 'apple']);
    expect(screen.getByRole('columnheader', { name: /Count/ }).getAttribute('aria-sort')).toBe('descending');
    await fireEvent.pointerEnter(screen.getByRole('region'));
    await fireEvent.click(screen.getByRole('button', { name: /Count/ }));
    expect(names()).toEqual(['apple', 'beet']);
  });
});

describe('a panel without rows', () => {
  it('five_reasons_are_five_different_states', () => {
    const texts = (['loading', 'empty', 'error', 'forbidden', 'unprojected'] as const).map((standing) => {
      const { container } = render(Fixture, { live: { standing } as Live });
      const text = container.textContent.trim();
      cleanup();
      return text;
    });
    expect(new Set(texts).size).toBe(5);
  });

  it('rows_are_shown_when_there_are_some', () => {
    render(Fixture, { live: { standing: 'ready' } as Live });
    expect(screen.getByText('the rows')).toBeTruthy();
  });
});

describe('the binding of the SDK', () => {
  it('keeps_its_view_while_the_context_changes_in_other_things', async () => {
    const view = new View('revenue', {}, { clock: {} as never, frame: () => undefined });
    const row = { key: 'a', position: 1, revision: 0, state: 'final' as const };
    view.replica.replace([row], { epoch: 'e', position: 1, as_of: null });
    const close = vi.spyOn(view, 'close');
    const client = { live: vi.fn(() => view) } as unknown as Source;
    const { rerender } = render(LiveFixture, { props: { context: { client, params: { other: 'x' } } } });
    expect(screen.getByText('1 x')).toBeTruthy();
    await rerender({ context: { client, params: { other: 'y' } } });
    expect(screen.getByText('1 y')).toBeTruthy();
    expect(client.live).toHaveBeenCalledTimes(1);
    expect(close).not.toHaveBeenCalled();
  });
});

describe('a number that can be asked about', () => {
  it('is_a_button_that_says_so_and_names_its_row', async () => {
    const rows = [{ key: 'a', position: 1, revision: 0, state: 'final' as const, name: 'apple', n: 2 }];
    const make = columnsFor(formatsFor('en', 'Asia/Seoul'));
    const columns = [make.text('name', 'Name'), make.count('n', 'Count', 'end strong')];
    const onexplain = vi.fn();
    render(DataTable, { caption: 'Things', rows, columns, locale: 'en', sort: 'n', onexplain });
    await fireEvent.click(screen.getByTitle('Why this number'));
    expect(onexplain).toHaveBeenCalledWith(rows[0]);
  });
});
