// Text exactly as it runs, with hidden characters made visible.
import { countHidden, visibleText } from '../../common/visibleText';

const carriageReturn = '⟨U+000D⟩';

/** Like {@link visibleText}, but also shows carriage returns, which a shell treats as part of a word. */
export function exactText(text: string): string {
  return visibleText(text).replaceAll('\r', carriageReturn);
}

/** Returns the number of characters that {@link exactText} makes visible. */
export function countExact(text: string): number {
  return countHidden(text) + text.split('\r\n').length - 1;
}
