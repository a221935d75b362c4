/** Holds the byte budgets: what a page must load, gzip-compressed, without lazily loaded parts. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { out } from './apps.js';

const kB = 1000;

/** @typedef {{name: string, kind: string, build: string, preload: string[], css: string[], integrity: Record<string, string>}} Manifest */
/** @type {Manifest[]} */
const manifests = JSON.parse(readFileSync(join(out, 'index.json'), 'utf8')).map(
  (/** @type {{manifest: string}} */ line) => JSON.parse(readFileSync(join(out, line.manifest), 'utf8')),
);

/** @param {Manifest} manifest @param {string[]} files */
function weigh({ name, build }, files) {
  return files.reduce((sum, file) => sum + statSync(join(out, name, build, `${file}.gz`)).size, 0);
}

/** @param {(manifest: Manifest) => boolean} chosen @param {'preload' | 'all'} which */
function scripts(chosen, which) {
  return manifests
    .filter(chosen)
    .reduce(
      (sum, m) =>
        sum + weigh(m, which === 'preload' ? m.preload : Object.keys(m.integrity).filter((f) => f.endsWith('.js'))),
      0,
    );
}

const named =
  (/** @type {string[]} */ ...names) =>
  (/** @type {Manifest} */ m) =>
    names.includes(m.name);
const everything = (/** @type {Manifest} */ m) =>
  weigh(
    m,
    Object.keys(m.integrity).filter((file) => /\.(js|css)$/.test(file)),
  );
const heaviest = Math.max(...manifests.filter((m) => m.kind === 'fragment').map(everything));
const base = manifests.filter((m) => m.kind !== 'fragment').reduce((sum, m) => sum + everything(m), 0);

/** @type {[string, number, number][]} label, bytes, budget */
const budgets = [
  ['SDK', scripts(named('client'), 'all'), 8 * kB],
  ['shell + runtime + SDK', scripts(named('shell', 'runtime', 'client'), 'preload'), 70 * kB],
  ...manifests
    .filter((m) => m.kind === 'fragment')
    .map((m) => /** @type {[string, number, number]} */ ([m.name, everything(m), 25 * kB])),
  ['live page with the heaviest fragment, styles and charts', base + heaviest, 120 * kB],
];

let over = 0;
for (const [label, bytes, budget] of budgets) {
  const verdict = bytes <= budget ? 'ok' : 'OVER';
  if (bytes > budget) over += 1;
  process.stdout.write(
    `${verdict.padEnd(5)}${String(bytes).padStart(7)} of ${String(budget).padStart(7)} bytes gzip  ${label}\n`,
  );
}
process.exit(over === 0 ? 0 : 1);
