/** Builds every app into `dist/a`; the list of current builds is written last, in one step. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildApp, prune } from '@plimsoll/fragment-kit';
import { apps, out } from './apps.js';

const only = new Set(process.argv.slice(2));
await mkdir(out, { recursive: true });
const index = [];
for (const app of apps) {
  if (only.size > 0 && !only.has(app.name)) continue;
  const built = await buildApp(app, out);
  await prune(out, app.name);
  index.push(built);
  process.stdout.write(`${built.name} ${built.build}\n`);
}
await rm(join(out, '.staging'), { recursive: true, force: true });
if (only.size === 0) {
  await writeFile(join(out, 'index.json.new'), `${JSON.stringify(index, null, 2)}\n`);
  await rename(join(out, 'index.json.new'), join(out, 'index.json'));
}
