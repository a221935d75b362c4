/** The server under test: the one at PLIMSOLL_URL, else a `plimsoll up` of our own with data of its own. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const readyWithin_ms = 180_000;
const goneWithin_ms = 60_000;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** @returns {Promise<{url: string, stop?: () => Promise<void>}>} */
export async function startServer() {
  const given = process.env['PLIMSOLL_URL'];
  if (given !== undefined && given !== '') return { url: given.replace(/\/$/, '') };
  const binary =
    process.env['PLIMSOLL_BIN'] ??
    ['quick', 'debug', 'release']
      .map((profile) => join(root, 'target', profile, 'plimsoll'))
      .find((path) => existsSync(path));
  if (binary === undefined)
    throw new Error('no plimsoll binary: build it, or name one in PLIMSOLL_BIN, or a server in PLIMSOLL_URL');
  const folder = await mkdtemp(join(tmpdir(), 'plimsoll-e2e-'));
  // The private servers run as somebody else where we are root, and must be able to reach their data.
  await chmod(folder, 0o755);
  const args = [
    'up',
    '--listen',
    '127.0.0.1:0',
    '--web-dir',
    join(root, 'web', 'dist'),
    ...(process.env['PLIMSOLL_UP_ARGS']?.split(' ') ?? []),
  ];
  const child = spawn(binary, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill('SIGINT'));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGINT');
    const lingers = setTimeout(() => child.kill('SIGKILL'), goneWithin_ms);
    await gone;
    clearTimeout(lingers);
    if (child.signalCode === 'SIGKILL') throw new Error(`plimsoll did not end within ${goneWithin_ms} ms`);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { url: await ready(child, gone), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** @param {import('node:child_process').ChildProcess} child @param {Promise<unknown>} gone @returns {Promise<string>} */
function ready(child, gone) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready within ${readyWithin_ms} ms`)), readyWithin_ms);
    void gone.then(() => reject(new Error('plimsoll ended before it was ready')));
    if (child.stdout === null) return reject(new Error('plimsoll has no output'));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const url = /^ready (http:\S+)/.exec(line)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}
