/** Server-sent events read from a `fetch`, because an `EventSource` cannot carry a token. */
import type { TopicFrame } from './feed.js';

/** Hands over the frames of each piece as it arrives, until the stream ends; a piece that only keeps the line alive has none. */
export async function listen(response: Response, take: (frames: TopicFrame[]) => void): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const piece = await reader?.read();
    if (piece?.value === undefined) return;
    const events = (rest + piece.value).split('\n\n');
    rest = events.pop() ?? '';
    take(events.flatMap((event) => (/^data: ?(.*)$/m.exec(event)?.slice(1) ?? []).map((text) => JSON.parse(text))));
  }
}
