/** How a fragment asks the shell to explain a row of one of its questions. */
import type { Row } from '@plimsoll/client';
import { emit } from '@plimsoll/contract';
import type { Query } from './live.svelte.js';

export function explainer(from: () => HTMLElement | undefined, query: () => Query): (row: Row) => void {
  return ({ key }) => {
    const element = from();
    if (element !== undefined) emit(element, 'plimsoll:explain', { ...query(), key });
  };
}
