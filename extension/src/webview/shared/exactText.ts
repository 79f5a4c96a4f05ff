// Text exactly as it will run, with hidden characters visible.
import { countHidden, visibleText } from '../../common/visibleText';

const carriageReturn = '⟨U+000D⟩';

/** {@link visibleText} with visible carriage returns: for a shell they are part of the word before. */
export function exactText(text: string): string {
  return visibleText(text).replaceAll('\r', carriageReturn);
}

/** How many characters {@link exactText} draws. */
export function countExact(text: string): number {
  return countHidden(text) + text.split('\r\n').length - 1;
}
