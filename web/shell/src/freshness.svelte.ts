/** How far the numbers on the page have come, and how the connection stands: one sentence for the whole page. */
import type { Client, StaleReason, View } from '@plimsoll/client';
import { scheduler } from '@plimsoll/ui';

/** `past`: the page shows an earlier moment, on purpose. */
export type Standing = 'live' | 'catching-up' | 'polling' | 'stale' | 'paused' | 'offline' | 'past';

const beat_ms = 250;

export class Freshness {
  standing = $state.raw<Standing>('catching-up');
  reason = $state.raw<StaleReason | undefined>(undefined);
  stale_ms = $state.raw(0);
  interval_ms = $state.raw(0);
  position = $state.raw(0);
  /** Age of the newest number on the page, and the instant for which it holds. */
  age_ms = $state.raw<number | undefined>(undefined);
  at_ms = $state.raw(0);
  paused = $state.raw(false);
  /** The page shows how things were at an earlier moment. */
  past = $state(false);

  /** Follows `client` until the returned function is called. */
  follow(client: Client): () => void {
    const read = (): void => this.#read(client);
    const timer = setInterval(read, beat_ms);
    const forgetClient = client.subscribe(read);
    const forgetPause = scheduler.subscribe(read);
    read();
    return () => {
      clearInterval(timer);
      forgetClient();
      forgetPause();
    };
  }

  #read(client: Client): void {
    const views = client.views;
    const status = client.status;
    this.paused = scheduler.paused;
    this.standing = this.#judge(
      views,
      status.state === 'offline' || status.state === 'refused',
      status.transport === 'poll',
    );
    this.interval_ms = status.interval_ms ?? 0;
    const stales = views.flatMap((view) => view.stale ?? []).sort((a, b) => a.since_ms - b.since_ms);
    this.reason = stales[0]?.reason;
    this.stale_ms = stales[0] === undefined ? 0 : Date.now() - stales[0].since_ms;
    this.#readAge(views);
  }

  /** While the screen is paused, so are its position and its instant; only their age goes on. */
  #readAge(views: readonly View[]): void {
    if (this.paused && this.age_ms !== undefined) {
      this.age_ms = Date.now() - this.at_ms;
      return;
    }
    this.position = Math.max(0, ...views.map((view) => view.position));
    const ages = views.flatMap((view) => view.age_ms ?? []);
    this.age_ms = ages.length === 0 ? undefined : Math.min(...ages);
    this.at_ms = Date.now() - (this.age_ms ?? 0);
  }

  #judge(views: readonly View[], offline: boolean, polling: boolean): Standing {
    const asked = views.filter((view) => view.problem === undefined);
    if (offline || (asked.length > 0 && asked.every((view) => view.state === 'offline'))) return 'offline';
    if (this.past) return 'past';
    if (this.paused) return 'paused';
    if (asked.some((view) => view.state === 'stale')) return 'stale';
    const answered = asked.filter((view) => view.confirmed_ms !== undefined);
    if (answered.length === 0 || answered.some((view) => view.state !== 'live')) return 'catching-up';
    return polling ? 'polling' : 'live';
  }
}
