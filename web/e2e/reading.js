/** What a reader does with the numbers: ask why, take them along, look back, hang them on a wall. */
import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openPage, waitForNumbers, waitForStanding } from './browser.js';

const pages = ['/sales-volume', '/call-time', '/revenue', '/commission'];

/** @param {import('playwright-core').Page} page @param {string} part */
async function seriousViolations(page, part = 'body') {
  const { violations } = await new AxeBuilder({ page })
    .include(part)
    .options({ resultTypes: ['violations'] })
    .analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id} ${nodes[0]?.html}`);
}

/** @type {import('./checks.js').Check[]} */
export const reading = [
  {
    name: 'every_main_number_tells_why_by_keyboard_and_gives_the_focus_back',
    run: async ({ browser, url, shots }) => {
      for (const [at, path] of pages.entries()) {
        const narrow = at % 2 === 0;
        const { page, offences, close } = await openPage(browser, url, {
          width: narrow ? 390 : 1280,
          theme: at < 2 ? 'light' : 'dark',
          locale: narrow ? 'ko' : 'en',
          still: true,
        });
        await page.goto(url + path);
        await waitForStanding(page, 'live');
        const number = page.locator('.why').first();
        await number.focus();
        await page.keyboard.press('Enter');
        const change = page.locator('dialog li').first();
        await change.waitFor();
        assert.notEqual((await change.locator('h3').innerText()).trim(), '');
        assert.ok((await change.locator('tbody tr').count()) > 0, `${path}: the first event changed something`);
        assert.match(page.url(), /explain=/);
        assert.deepEqual(await seriousViolations(page, 'dialog'), [], path);
        await page.screenshot({ path: join(shots, `why-${path.slice(1)}.png`) });
        await page.keyboard.press('Escape');
        await page.waitForFunction(() => document.activeElement?.className === 'why');
        assert.doesNotMatch(page.url(), /explain=/);
        assert.deepEqual(offences, []);
        await close();
      }
    },
  },
  {
    name: 'an_explanation_can_be_sent_to_somebody_as_an_address',
    run: async ({ browser, url }) => {
      const { page, close } = await openPage(browser, url);
      await page.goto(`${url}/commission`);
      await page.locator('.why').first().click();
      await page.locator('dialog li').first().waitFor();
      const title = await page.locator('dialog .key').innerText();
      await page.goto(page.url());
      await page.locator('dialog li').first().waitFor();
      assert.equal(await page.locator('dialog .key').innerText(), title);
      await close();
    },
  },
  {
    name: 'rows_are_taken_along_as_csv_with_their_position_in_the_name',
    run: async ({ browser, url }) => {
      const { page, offences, close } = await openPage(browser, url);
      await page.goto(`${url}/revenue`);
      await waitForNumbers(page);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page
          .getByTitle(/as CSV/)
          .first()
          .click(),
      ]);
      assert.match(download.suggestedFilename(), /^revenue-\w+\.\d{12}\.csv$/);
      const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n');
      assert.match(lines[0] ?? '', /^key,/);
      assert.ok(lines.length > 1);
      assert.deepEqual(offences, []);
      await close();
    },
  },
  {
    name: 'the_page_goes_back_to_a_moment_and_back_to_live',
    run: async ({ browser, url, shots }) => {
      const { page, offences, close } = await openPage(browser, url, { width: 1280, still: true });
      await page.goto(`${url}/sales-volume`);
      await waitForStanding(page, 'live');
      await waitForNumbers(page);
      const moment = new Date(Date.now() - 5_000).toISOString();
      await page.goto(`${url}/sales-volume?as_of=${encodeURIComponent(moment)}`);
      await waitForStanding(page, 'past');
      await waitForNumbers(page);
      const figures = page.locator('dd.number');
      const then = await figures.allInnerTexts();
      await page.screenshot({ path: join(shots, 'past.png') });
      await page.waitForTimeout(2_000);
      assert.deepEqual(await figures.allInnerTexts(), then, 'the past does not move');
      await page.getByRole('button', { name: 'Back to live' }).click();
      await waitForStanding(page, 'live');
      assert.doesNotMatch(page.url(), /as_of/);
      assert.deepEqual(offences, []);
      await close();
    },
  },
  {
    name: 'a_question_mark_shows_the_keys',
    run: async ({ browser, url }) => {
      const { page, close } = await openPage(browser, url, { still: true });
      await page.goto(url);
      await waitForStanding(page, 'live');
      await page.keyboard.press('?');
      await page.locator('dialog kbd').first().waitFor();
      assert.deepEqual(await seriousViolations(page), []);
      await page.keyboard.press('Escape');
      await page.locator('dialog').waitFor({ state: 'detached' });
      await close();
    },
  },
  {
    name: 'a_wall_has_tiles_and_nothing_to_press_in_sight',
    run: async ({ browser, url, shots }) => {
      const { page, offences, close } = await openPage(browser, url, { width: 1920, theme: 'dark', still: true });
      await page.goto(`${url}/?wall=1`);
      await waitForNumbers(page);
      assert.equal(await page.locator('[data-fragment]').count(), 4);
      assert.equal(await page.locator('button, input').count(), 0);
      assert.deepEqual(await seriousViolations(page), []);
      await page.screenshot({ path: join(shots, 'wall.png') });
      assert.deepEqual(offences, []);
      await close();
    },
  },
];
