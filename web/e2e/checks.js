/** What must hold in a browser; the one that stops the server comes last. */
import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openPage, waitForNumbers, waitForStanding } from './browser.js';

/** @typedef {{browser: import('playwright-core').Browser, url: string, shots: string, stop?: () => Promise<void>}} Stage */
/** @typedef {{name: string, needsOwnServer?: boolean, run: (stage: Stage) => Promise<void>}} Check */

const pages = ['/', '/sales-volume', '/call-time', '/revenue', '/commission'];

/** @param {import('playwright-core').Page} page */
function position(page) {
  return page.locator('[data-position]').getAttribute('data-position').then(Number);
}

/** How the page's client is connected. @param {import('playwright-core').Page} page */
function linkOf(page) {
  return page.evaluate(() => {
    const client = /** @type {Record<symbol, {status: {transport: string, state: string, shared?: boolean}}>} */ (
      /** @type {unknown} */ (globalThis)
    )[Symbol.for('plimsoll.client.v1')];
    if (client === undefined) throw new Error('the page has no client');
    const { transport, state, shared } = client.status;
    return { transport, state, shared };
  });
}

/** A browser in which tabs share nothing. @param {import('playwright-core').Page} page */
function withoutWorkers(page) {
  return page.addInitScript(() => {
    delete (/** @type {{SharedWorker?: unknown}} */ (globalThis).SharedWorker);
  });
}

/** @type {Check[]} */
export const checks = [
  {
    name: 'numbers_move_on_every_page_without_errors_csp_violations_or_foreign_requests',
    run: async ({ browser, url }) => {
      const { page, offences, close } = await openPage(browser, url);
      for (const path of pages) {
        await page.goto(url + path);
        await waitForStanding(page, 'live');
        await waitForNumbers(page);
        const before = await position(page);
        await page.waitForFunction(
          (seen) => Number(document.querySelector('[data-position]')?.getAttribute('data-position')) > seen,
          before,
        );
      }
      assert.deepEqual(offences, []);
      await close();
    },
  },
  {
    name: 'the_headline_on_the_overview_moves_by_itself',
    run: async ({ browser, url }) => {
      const { page, close } = await openPage(browser, url);
      await page.goto(url);
      const tile = page.locator('[data-fragment="sales-volume"]');
      await tile.locator('dd.number').first().waitFor();
      const before = await tile.innerText();
      await page.waitForFunction(
        (text) =>
          /** @type {HTMLElement | null} */ (document.querySelector('[data-fragment="sales-volume"]'))?.innerText !==
          text,
        before,
      );
      await close();
    },
  },
  {
    name: 'space_pauses_the_screen_and_says_so',
    run: async ({ browser, url }) => {
      const { page, close } = await openPage(browser, url);
      await page.goto(url);
      await waitForStanding(page, 'live');
      await page.keyboard.press('Space');
      await waitForStanding(page, 'paused');
      const held = await position(page);
      await page.waitForTimeout(1_500);
      assert.equal(await position(page), held);
      await page.keyboard.press('Space');
      await waitForStanding(page, 'live');
      await close();
    },
  },
  {
    name: 'language_theme_and_range_are_choices_that_stay',
    run: async ({ browser, url }) => {
      const { page, close } = await openPage(browser, url);
      await page.goto(url);
      await page.getByRole('button', { name: 'Yesterday' }).click();
      assert.match(page.url(), /range=yesterday/);
      await page.getByRole('button', { name: '한', exact: true }).click();
      await page.getByRole('button', { name: '어제' }).waitFor();
      assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
      await page.getByRole('button', { name: '어두운 화면으로' }).click();
      await page.reload();
      await page.getByRole('button', { name: '어제' }).waitFor();
      assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
      await close();
    },
  },
  {
    name: 'a_broken_fragment_hurts_no_other',
    run: async ({ browser, url }) => {
      const { page, close } = await openPage(browser, url);
      await page.route(/\/a\/revenue\/.*\.js$/, (route) => route.abort());
      await page.goto(url);
      await page.getByText('This part could not be loaded').waitFor();
      await page.locator('[data-fragment="sales-volume"] dd.number').first().waitFor();
      await close();
    },
  },
  {
    name: 'tabs_share_one_socket',
    run: async ({ browser, url }) => {
      const { page, close } = await openPage(browser, url);
      const other = await page.context().newPage();
      let sockets = 0;
      for (const [tab, path] of /** @type {const} */ ([
        [page, '/'],
        [other, '/sales-volume'],
      ])) {
        tab.on('websocket', () => (sockets += 1));
        await tab.goto(url + path);
        await waitForStanding(tab, 'live');
        assert.deepEqual(await linkOf(tab), { transport: 'socket', state: 'open', shared: true });
      }
      assert.equal(sockets, 0, 'the worker holds the socket, no tab does');
      await other.close();
      const before = await position(page);
      await page.waitForFunction(
        (seen) => Number(document.querySelector('[data-position]')?.getAttribute('data-position')) > seen,
        before,
      );
      await close();
    },
  },
  {
    name: 'without_shared_workers_each_tab_has_its_own_socket',
    run: async ({ browser, url }) => {
      const { page, close } = await openPage(browser, url);
      await withoutWorkers(page);
      await page.goto(`${url}/sales-volume`);
      await waitForStanding(page, 'live');
      assert.deepEqual(await linkOf(page), { transport: 'socket', state: 'open', shared: false });
      await close();
    },
  },
  {
    name: 'without_sockets_the_page_lives_on_event_streams',
    run: async ({ browser, url }) => {
      const { page, close } = await openPage(browser, url);
      await withoutWorkers(page);
      await page.routeWebSocket(/\/v1\/live$/, (socket) => socket.close({ code: 1011 }));
      await page.goto(`${url}/sales-volume`);
      await waitForNumbers(page);
      await waitForStanding(page, 'live');
      assert.equal((await linkOf(page)).transport, 'stream');
      await close();
    },
  },
  {
    name: 'without_sockets_and_streams_the_page_polls_and_says_so',
    run: async ({ browser, url }) => {
      const { page, close } = await openPage(browser, url);
      await withoutWorkers(page);
      await page.routeWebSocket(/\/v1\/live$/, (socket) => socket.close({ code: 1011 }));
      await page.route(/\/changes/, (route) => route.fulfill({ status: 404 }));
      await page.goto(`${url}/sales-volume`);
      await waitForStanding(page, 'polling');
      await waitForNumbers(page);
      await close();
    },
  },
  {
    name: 'no_serious_accessibility_violations_and_no_sideways_scrolling_at_360_and_1440_in_both_themes',
    run: async ({ browser, url, shots }) => {
      /** @type {string[]} */
      const found = [];
      for (const theme of /** @type {const} */ (['light', 'dark'])) {
        for (const width of [360, 1440]) {
          const { page, close } = await openPage(browser, url, {
            width,
            theme,
            locale: theme === 'dark' ? 'ko' : 'en',
            still: true,
          });
          for (const path of pages) {
            await page.goto(url + path);
            await waitForNumbers(page);
            const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            if (overflow > 0) found.push(`${path} at ${width}: ${overflow} px too wide`);
            // Both themes and both widths are looked at; each theme at one width is enough.
            const looked = (width === 360) === (theme === 'light');
            const { violations } = looked
              ? await new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).analyze()
              : { violations: [] };
            for (const { id, impact, nodes } of violations) {
              if (impact === 'serious' || impact === 'critical')
                found.push(`${path} ${theme} ${width}: ${id} ${nodes[0]?.html}`);
            }
            const name = `${path.slice(1) || 'overview'}-${width}-${theme}.png`;
            await page.screenshot({ path: join(shots, name), fullPage: true });
          }
          await close();
        }
      }
      assert.deepEqual(found, []);
    },
  },
  {
    name: 'the_badge_changes_when_the_server_stops_and_the_numbers_stay',
    needsOwnServer: true,
    run: async ({ browser, url, stop }) => {
      const { page, close } = await openPage(browser, url);
      await page.goto(`${url}/sales-volume`);
      await waitForStanding(page, 'live');
      const figure = page.locator('dd.number').first();
      await figure.waitFor();
      await stop?.();
      await waitForStanding(page, 'offline');
      assert.notEqual((await figure.innerText()).trim(), '');
      await close();
    },
  },
];
