import { svelteFragment } from '@plimsoll/ui';
import App from './App.svelte';

export { contract } from '@plimsoll/contract';
export const mount = svelteFragment(App);
