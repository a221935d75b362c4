/** The page's address as state: path and parameters, changed by links and by the shell, followed on back and forward. */
export class Address {
  path = $state.raw(location.pathname);
  params = $state.raw(new URLSearchParams(location.search));

  constructor() {
    window.addEventListener('popstate', () => this.#read());
  }

  /** Goes to `path` with these parameters on top of the present ones; `null` takes one out. */
  go(path: string, changes: Readonly<Record<string, string | null>> = {}): void {
    const url = this.href(path, changes);
    if (url === location.pathname + location.search) return;
    if (path === this.path) history.replaceState(null, '', url);
    else history.pushState(null, '', url);
    this.#read();
  }

  href(path: string, changes: Readonly<Record<string, string | null>> = {}): string {
    const params = new URLSearchParams(path === this.path ? this.params : this.#common());
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) params.delete(name);
      else params.set(name, value);
    }
    const text = params.toString();
    return text === '' ? path : `${path}?${text}`;
  }

  /** What every page shares stays in the address when the page changes. */
  #common(): URLSearchParams {
    return new URLSearchParams(
      [...this.params].filter(([name]) => ['range', 'day', 'lang', 'as_of', 'wall'].includes(name)),
    );
  }

  #read(): void {
    this.path = location.pathname;
    this.params = new URLSearchParams(location.search);
  }
}
