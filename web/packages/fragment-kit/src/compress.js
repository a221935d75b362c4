/** Writes `.br` and `.gz` beside every text file, so that the server compresses nothing while it serves. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';

const text = /\.(js|css|svg|json)$/;

/** @param {string} folder */
export async function compressAll(folder) {
  for (const file of await readdir(folder)) {
    if (!text.test(file)) continue;
    const path = join(folder, file);
    const bytes = await readFile(path);
    await writeFile(`${path}.br`, await promisify(brotliCompress)(bytes));
    await writeFile(`${path}.gz`, await promisify(gzip)(bytes, { level: 9 }));
  }
}
