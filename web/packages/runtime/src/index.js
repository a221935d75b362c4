/** The Svelte modules that the shared runtime provides, as bare specifiers of the import map. */
export const specifiers = [
  'svelte',
  'svelte/animate',
  'svelte/attachments',
  'svelte/easing',
  'svelte/events',
  'svelte/motion',
  'svelte/reactivity',
  'svelte/store',
  'svelte/transition',
  'svelte/internal/client',
  'svelte/internal/disclose-version',
  'svelte/internal/flags/legacy',
];
