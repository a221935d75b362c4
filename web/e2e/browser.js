/** The browser of the machine, and pages that report everything a strict page must not do. */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** For everything that should happen soon, on a machine that may be busy with other things. */
export const patience_ms = 90_000;

const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export function launch() {
  const executablePath = process.env['CHROMIUM'] ?? usual.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('no Chromium: install it, or name one in CHROMIUM');
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}

/**
 * Opens a page that keeps a list of its offences: errors, CSP violations, requests to another origin, failed requests,
 * modules fetched twice.
 * @param {import('playwright-core').Browser} browser
 * @param {string} url origin of the server
 * @param {{width?: number, theme?: 'light' | 'dark', locale?: string, still?: boolean}} options `still`: a reader who
 * wants no motion
 */
export async function openPage(browser, url, { width = 1440, theme = 'light', locale = 'en', still = false } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: theme,
    locale,
    reducedMotion: still ? 'reduce' : 'no-preference',
  });
  context.setDefaultTimeout(patience_ms);
  const page = await context.newPage();
  /** @type {string[]} */
  const offences = [];
  page.on('pageerror', (error) => offences.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const thrownAway = message.text().includes('integrity mismatch');
    if (message.type() === 'error' || thrownAway) offences.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const origin = new URL(request.url()).origin;
    const own = [new URL(url).origin, new URL(url).origin.replace(/^http/, 'ws'), 'null'];
    if (!own.includes(origin)) offences.push(`request to another origin: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  return { page, offences, close: () => context.close() };
}

/** @param {import('playwright-core').Page} page @param {string} standing */
export async function waitForStanding(page, standing) {
  await page.locator(`[data-standing="${standing}"]`).waitFor();
}

/** Waits until no panel waits for its first answer. @param {import('playwright-core').Page} page */
export async function waitForNumbers(page) {
  await page.locator('dd.number').first().waitFor();
  await page.waitForFunction(() => document.querySelector('.loading') === null);
}
