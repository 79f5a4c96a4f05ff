// Text as it is carried out: whatever hides in it is drawn.
import { countHidden, visibleText } from '../../common/visibleText';

const carriageReturn = '⟨U+000D⟩';

/** As {@link visibleText}, with the carriage return of a Windows line end too: to a shell it is part of the word before it. */
export function exactText(text: string): string {
  return visibleText(text).replaceAll('\r', carriageReturn);
}

/** How many characters {@link exactText} draws. */
export function countExact(text: string): number {
  return countHidden(text) + text.split('\r\n').length - 1;
}
