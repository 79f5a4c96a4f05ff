// Localized texts of the extension host. Webviews localize their own texts.
import * as l10n from '@vscode/l10n';

declare const localized: unique symbol;

/** A localized text with its values. Created only by {@link t} and {@link verbatim}. */
export type LocalizedText = string & { readonly [localized]: true };

/** @param sentence A literal, because it is the key of its translations. */
export function t<const Sentence extends string>(
  sentence: string extends Sentence ? never : Sentence,
  ...values: readonly (string | number)[]
): LocalizedText;
export function t(sentence: string, ...values: readonly (string | number)[]): string {
  return l10n.t(sentence, ...values);
}

/** A message from another source, such as a provider's error. `window.ts` shows it literally, like all text. */
export function verbatim(text: string): LocalizedText;
export function verbatim(text: string): string {
  return text;
}
