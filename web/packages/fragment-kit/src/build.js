/**
 * Builds one app into `<out>/<name>/<build>/` with hashed files and a manifest.
 * Everything another app provides stays a bare specifier, which the page's import map resolves.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { VERSION as runtimeVersion } from 'svelte/compiler';
import { build as viteBuild } from 'vite';
import { compressAll } from './compress.js';

const contractVersion = 1;
const layerOrder = '@layer tokens, base, ui, fragment;\n';
const shared = /^(svelte($|\/)|@plimsoll\/(client|ui)$)/;

/**
 * @typedef {object} App
 * @property {string} name
 * @property {'runtime' | 'library' | 'shell' | 'fragment'} kind
 * @property {string} root folder of the app's package
 * @property {string} sdk version of the SDK it was built with
 * @property {Record<string, string>} entries specifier (or `index` for the shell) → module
 * @property {string[]} [eager] the specifiers needed at once; all of them where it is not given
 * @property {string[]} [routes]
 * @property {{ko: string, en: string}} [nav]
 * @property {Record<string, string>} [virtual] modules that exist only in the build
 */

/**
 * @param {App} app
 * @param {string} out the folder `dist/a`
 * @returns {Promise<{name: string, build: string, manifest: string}>} its line of `index.json`
 */
export async function buildApp(app, out) {
  const staging = join(out, '.staging', app.name);
  await rm(staging, { recursive: true, force: true });
  const output = await bundle(app, staging);
  const files = await readdir(staging);
  const manifest = await describe(app, output, staging, files);
  await writeFile(join(staging, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await compressAll(staging);
  const target = join(out, app.name, manifest.build);
  await rm(target, { recursive: true, force: true });
  await mkdir(join(out, app.name), { recursive: true });
  await cp(staging, target, { recursive: true });
  await rm(staging, { recursive: true, force: true });
  const now = new Date();
  await utimes(join(target, 'manifest.json'), now, now);
  return { name: app.name, build: manifest.build, manifest: `${app.name}/${manifest.build}/manifest.json` };
}

/** @param {App} app @param {string} staging */
async function bundle(app, staging) {
  const own = new Set(Object.keys(app.entries));
  const result = await viteBuild({
    configFile: false,
    root: app.root,
    base: './',
    logLevel: 'warn',
    publicDir: 'static',
    plugins: [virtualModules(app.virtual ?? {}), svelte({ configFile: false, compilerOptions: { runes: true } })],
    build: {
      outDir: staging,
      emptyOutDir: true,
      target: 'es2022',
      assetsDir: '',
      assetsInlineLimit: 0,
      cssCodeSplit: false,
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(app.entries).map(([name, module]) => [fileStem(name), module])),
        preserveEntrySignatures: 'strict',
        external: (/** @type {string} */ id) => app.kind !== 'runtime' && shared.test(id) && !own.has(id),
        output: {
          format: 'es',
          entryFileNames: '[name]-[hash].js',
          chunkFileNames: '[name]-[hash].js',
          assetFileNames: `${app.name}-[hash][extname]`,
        },
      },
    },
  });
  if (Array.isArray(result) || !('output' in result)) throw new Error(`${app.name}: one output expected`);
  return result.output;
}

/** @param {string} specifier */
function fileStem(specifier) {
  return specifier.replace(/^@plimsoll\/(fragment\/)?/, '').replaceAll('/', '-');
}

/** @param {Record<string, string>} modules @returns {import('vite').Plugin} */
function virtualModules(modules) {
  return {
    name: 'plimsoll-virtual',
    resolveId: (id) => (id in modules ? `\0${id}` : undefined),
    load: (id) => modules[id.slice(1)],
  };
}

/**
 * @param {App} app
 * @param {import('vite').Rolldown.RolldownOutput['output']} output
 * @param {string} staging
 * @param {string[]} files
 */
async function describe(app, output, staging, files) {
  /** @type {Record<string, string>} */
  const integrity = {};
  const css = files.filter((file) => file.endsWith('.css'));
  for (const file of css) await layered(join(staging, file));
  for (const file of files.sort())
    integrity[file] = `sha256-${digest(await readFile(join(staging, file))).toString('base64')}`;
  const chunks = output.filter((item) => item.type === 'chunk');
  const entryOf = (/** @type {string} */ specifier) => {
    const chunk = chunks.find((item) => item.isEntry && item.name === fileStem(specifier));
    if (chunk === undefined) throw new Error(`${app.name}: no entry for ${specifier}`);
    return chunk;
  };
  const specifiers = Object.keys(app.entries);
  const first = entryOf(specifiers[0] ?? '');
  const preload = new Set();
  const reach = (/** @type {string} */ file) => {
    if (preload.has(file) || !(file in integrity)) return;
    preload.add(file);
    chunks.find((item) => item.fileName === file)?.imports.forEach(reach);
  };
  for (const specifier of app.eager ?? specifiers) reach(entryOf(specifier).fileName);
  return {
    name: app.name,
    kind: app.kind,
    build: digest(JSON.stringify([app.kind, runtimeVersion, app.sdk, integrity]))
      .toString('hex')
      .slice(0, 10),
    contract: contractVersion,
    runtime: runtimeVersion,
    sdk: app.sdk,
    entry: first.fileName,
    css,
    integrity,
    exports: app.kind === 'shell' ? {} : Object.fromEntries(specifiers.map((name) => [name, entryOf(name).fileName])),
    preload: [...preload],
    routes: app.routes ?? [],
    nav: app.nav ?? null,
  };
}

/** Every sheet states the order of layers, so that no order of arrival can change the cascade. @param {string} path */
async function layered(path) {
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.startsWith(layerOrder) ? text : layerOrder + text);
}

/** @param {string | Buffer} data */
function digest(data) {
  return createHash('sha256').update(data).digest();
}

/**
 * Removes builds that `index.json` does not name, except the newest three of each app: tabs may still have them open.
 * @param {string} out @param {string} name
 */
export async function prune(out, name) {
  const builds = await readdir(join(out, name));
  const aged = await Promise.all(
    builds.map(async (build) => ({ build, at: (await stat(join(out, name, build, 'manifest.json'))).mtimeMs })),
  );
  const old = aged.sort((a, b) => b.at - a.at).slice(3);
  for (const { build } of old) await rm(join(out, basename(name), build), { recursive: true, force: true });
}
