import { element, type Child } from './element';
import { visibleText } from '../../common/visibleText';

/** A sentence in which what stands in backticks is a name of a file or a field. */
export function withCode(words: string): Child[] {
  return words.split('`').map((part, index) => (index % 2 === 0 ? visibleText(part) : element('code', {}, visibleText(part))));
}
