/** Which row is being explained, as text in the page's address. */
export interface Question {
  readonly view: string;
  readonly params: Readonly<Record<string, string>>;
  readonly key: string;
}

/** `view/key?parameters`, so that an explanation can be sent to somebody. */
export function writeQuestion({ view, params, key }: Question): string {
  return `${view}/${encodeURIComponent(key)}?${new URLSearchParams(params)}`;
}

/** Undefined where the text names no row. */
export function readQuestion(text: string | null): Question | undefined {
  const [, view, key, params] = /^([\w-]+)\/([^?]+)\?(.*)$/.exec(text ?? '') ?? [];
  if (view === undefined || key === undefined) return undefined;
  try {
    return { view, key: decodeURIComponent(key), params: Object.fromEntries(new URLSearchParams(params)) };
  } catch {
    return undefined;
  }
}

/** Changes of a page: as many as one reads before asking for more. */
const pageOf = '50';

/** Where the server explains it. */
export function pathOf({ view, params, key }: Question, next?: string): string {
  const query = new URLSearchParams({ ...params, limit: pageOf, ...(next === undefined ? {} : { next }) });
  return `/v1/views/${encodeURIComponent(view)}/rows/${encodeURIComponent(key)}/explain?${query}`;
}
