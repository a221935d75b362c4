/** The bearer token: asked for once, shared by everyone who needs it, asked for again when the server refuses it. */
export type TokenSource = (why: { refresh: boolean }) => Promise<string | undefined>;

export class Tokens {
  readonly #source: TokenSource;
  #current: Promise<string | undefined> | undefined;

  constructor(source: TokenSource) {
    this.#source = source;
  }

  get(): Promise<string | undefined> {
    this.#current ??= this.#ask(false);
    return this.#current;
  }

  /** A new token; a call while one is being fetched shares it. */
  refresh(): Promise<string | undefined> {
    this.#current = this.#ask(true);
    return this.#current;
  }

  /** A failed request for a token is not kept: the next caller asks again. */
  #ask(refresh: boolean): Promise<string | undefined> {
    const asked = this.#source({ refresh });
    asked.catch(() => {
      if (this.#current === asked) this.#current = undefined;
    });
    return asked;
  }
}
