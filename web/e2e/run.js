/** Browser tests: the built page in a real browser against a real server. Exits 0 when every check (that the argument names) holds. */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { launch } from './browser.js';
import { checks } from './checks.js';
import { reading } from './reading.js';
import { startServer } from './server.js';

const shots = fileURLToPath(new URL('shots', import.meta.url));
await mkdir(shots, { recursive: true });

const server = await startServer();
const browser = await launch();
let passed = 0;
let failed = 0;
try {
  for (const { name, run, needsOwnServer } of [...reading, ...checks].filter(({ name }) =>
    name.includes(process.argv[2] ?? ''),
  )) {
    if (needsOwnServer && server.stop === undefined) {
      process.stdout.write(`skipped  ${name} (the server at PLIMSOLL_URL is not ours to stop)\n`);
      continue;
    }
    const started_ms = Date.now();
    try {
      await run({ browser, url: server.url, stop: server.stop, shots });
      passed += 1;
      process.stdout.write(`ok       ${name} (${Date.now() - started_ms} ms)\n`);
    } catch (error) {
      failed += 1;
      process.stdout.write(`FAILED   ${name}\n${error instanceof Error ? error.stack : String(error)}\n`);
    }
  }
} finally {
  await browser.close();
  await server.stop?.();
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
