/** Turns a Svelte component into the `mount` of the contract; each update replaces its context as a whole. */
import type { Context, Mounted } from '@plimsoll/contract';
import { mount, unmount, type Component } from 'svelte';
import FragmentRoot from './components/FragmentRoot.svelte';

class Holder {
  context = $state.raw() as Context;
}

export function svelteFragment(component: Component<{ context: Context }>) {
  return (host: HTMLElement, context: Context): Mounted => {
    const holder = new Holder();
    holder.context = context;
    const props = {
      component,
      get context() {
        return holder.context;
      },
    };
    const mounted = mount(FragmentRoot, { target: host, props });
    return {
      update: (next) => void (holder.context = next),
      unmount: () => void unmount(mounted),
    };
  };
}
