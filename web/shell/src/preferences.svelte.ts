/** Language and theme: the reader's choice, else what the browser asks for. */
import type { Locale, Theme } from '@plimsoll/contract';

const themeMemory = 'plimsoll.theme';
const localeMemory = 'plimsoll.locale';

/** Storage may be forbidden: then a choice lasts as long as the page. */
function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    return;
  }
}

function localeFrom(text: string | null | undefined): Locale | undefined {
  return text?.startsWith('ko') ? 'ko' : text?.startsWith('en') ? 'en' : undefined;
}

export class Preferences {
  locale = $state.raw<Locale>('en');
  theme = $state.raw<Theme>('light');
  #chosenTheme: Theme | undefined;

  constructor(asked: { address: string | null; boot: string | null | undefined }) {
    this.#setLocale(
      localeFrom(asked.address) ??
        localeFrom(recall(localeMemory)) ??
        localeFrom(asked.boot) ??
        localeFrom(navigator.language) ??
        'en',
    );
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const recalled = recall(themeMemory);
    this.#chosenTheme = recalled === 'dark' || recalled === 'light' ? recalled : undefined;
    const follow = (): void => this.#setTheme(this.#chosenTheme ?? (dark.matches ? 'dark' : 'light'));
    dark.addEventListener('change', follow);
    follow();
  }

  chooseLocale(locale: Locale): void {
    remember(localeMemory, locale);
    this.#setLocale(locale);
  }

  chooseTheme(theme: Theme): void {
    this.#chosenTheme = theme;
    remember(themeMemory, theme);
    this.#setTheme(theme);
  }

  #setLocale(locale: Locale): void {
    this.locale = locale;
    document.documentElement.lang = locale;
  }

  #setTheme(theme: Theme): void {
    this.theme = theme;
    document.documentElement.dataset['theme'] = theme;
  }
}
