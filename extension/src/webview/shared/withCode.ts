import { element, type Child } from './element';
import { visibleText } from '../../common/visibleText';

/** Shows names in backticks as code. */
export function withCode(words: string): Child[] {
  return words.split('`').map((part, index) => (index % 2 === 0 ? visibleText(part) : element('code', {}, visibleText(part))));
}
