/** Fetches a fragment's style and code; the import map says where the code is. */
import { contract, type Fragment, type Manifest } from '@plimsoll/contract';

/** Resolves once the sheet is applied, so that a fragment never appears undressed. */
function style(href: string): Promise<void> {
  if (document.querySelector(`link[rel=stylesheet][href="${href}"]`) !== null) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href });
    link.onload = () => resolve();
    link.onerror = () => reject(new Error(`no style at ${href}`));
    document.head.append(link);
  });
}

export async function load(manifest: Manifest): Promise<Fragment> {
  if (manifest.contract !== contract) throw new Error(`contract ${manifest.contract}, expected ${contract}`);
  await Promise.all(manifest.css.map((file) => style(`/a/${manifest.name}/${manifest.build}/${file}`)));
  return (await import(/* @vite-ignore */ `@plimsoll/fragment/${manifest.name}`)) as Fragment;
}
