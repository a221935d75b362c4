/** All apps of the page, libraries before their users, and the bytes that each may weigh. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { specifiers } from '@plimsoll/runtime';

export const web = fileURLToPath(new URL('..', import.meta.url));
export const out = join(web, 'dist', 'a');

const sdk = JSON.parse(readFileSync(join(web, 'packages/client/package.json'), 'utf8')).version;

/** @type {Record<string, string>} */
const runtimeModules = Object.fromEntries(
  specifiers.map((name) => [
    `runtime:${name}`,
    name.includes('/flags/') || name.endsWith('disclose-version') ? `import '${name}';` : `export * from '${name}';`,
  ]),
);

/** @type {import('@plimsoll/fragment-kit').App[]} */
export const apps = [
  {
    name: 'runtime',
    kind: 'runtime',
    root: join(web, 'packages/runtime'),
    sdk,
    entries: Object.fromEntries(specifiers.map((name) => [name, `runtime:${name}`])),
    eager: ['svelte', 'svelte/internal/client', 'svelte/internal/disclose-version'],
    virtual: runtimeModules,
  },
  {
    name: 'client',
    kind: 'library',
    root: join(web, 'packages/client'),
    sdk,
    entries: { '@plimsoll/client': 'src/index.ts' },
  },
  { name: 'ui', kind: 'library', root: join(web, 'packages/ui'), sdk, entries: { '@plimsoll/ui': 'src/index.ts' } },
  {
    name: 'shell',
    kind: 'shell',
    root: join(web, 'shell'),
    sdk,
    entries: { index: 'src/main.ts' },
    routes: ['/'],
    nav: { ko: '한눈에', en: 'Overview' },
  },
  fragment('sales-volume', { ko: '상품 판매량', en: 'Sales volume' }),
  fragment('call-time', { ko: '상담사 통화시간', en: 'Call time' }),
  fragment('revenue', { ko: '실시간 매출', en: 'Revenue' }),
  fragment('commission', { ko: '설계사 수수료', en: 'Commission' }),
];

/** @param {string} name @param {{ko: string, en: string}} nav @returns {import('@plimsoll/fragment-kit').App} */
function fragment(name, nav) {
  return {
    name,
    kind: 'fragment',
    root: join(web, 'fragments', name),
    sdk,
    entries: { [`@plimsoll/fragment/${name}`]: 'src/index.ts' },
    routes: [`/${name}`],
    nav,
  };
}
