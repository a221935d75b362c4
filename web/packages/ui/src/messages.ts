/** Messages by language. The types make the two languages hold the same keys, with the same arguments. */
import type { Locale } from '@plimsoll/contract';

type Message = string | ((...values: never[]) => string);
type Same<Messages> = {
  readonly [Key in keyof Messages]: Messages[Key] extends (...values: infer Values) => string
    ? (...values: Values) => string
    : string;
};

/** English says which messages there are; a Korean set that lacks one, has one more, or takes other values does not compile. */
export function defineMessages<const English extends Readonly<Record<string, Message>>>(
  english: English,
  korean: Same<English>,
): (locale: Locale) => Same<English> {
  return (locale) => (locale === 'ko' ? korean : (english as unknown as Same<English>));
}
