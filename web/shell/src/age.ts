/** A stretch of time as short words: milliseconds below a second, then seconds, minutes, hours. */
import type { Locale } from '@plimsoll/contract';

const units = {
  en: { ms: ' ms', s: ' s', min: ' min', h: ' h' },
  ko: { ms: '밀리초', s: '초', min: '분', h: '시간' },
} as const;

export function age(milliseconds: number, locale: Locale): string {
  const unit = units[locale];
  if (milliseconds < 1_000) return `${Math.max(0, Math.round(milliseconds / 10) * 10)}${unit.ms}`;
  const seconds = Math.floor(milliseconds / 1_000);
  if (seconds < 90) return `${seconds}${unit.s}`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 90 ? `${minutes}${unit.min}` : `${Math.floor(minutes / 60)}${unit.h}`;
}
