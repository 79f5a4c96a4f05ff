// Text that the extension host shows. The pages look up their text themselves.
import * as l10n from '@vscode/l10n';

declare const localized: unique symbol;

/** A sentence of Plue's own in the user's language, its values filled in. Only {@link t} and {@link verbatim} make one. */
export type LocalizedText = string & { readonly [localized]: true };

/** @param sentence A literal: it is the key of its translations, and nothing from outside may choose it. */
export function t<const Sentence extends string>(
  sentence: string extends Sentence ? never : Sentence,
  ...values: readonly (string | number)[]
): LocalizedText;
export function t(sentence: string, ...values: readonly (string | number)[]): string {
  return l10n.t(sentence, ...values);
}

/** A whole message that is not Plue's own sentence, such as a provider's error. `window.ts` shows it literally, as it does every text. */
export function verbatim(text: string): LocalizedText;
export function verbatim(text: string): string {
  return text;
}
