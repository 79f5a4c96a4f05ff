// Code in an answer: a row with the language and what can be done with it, and the code colored by classes that chat.css themes.
import DOMPurify from 'dompurify';
import hljs from 'highlight.js/lib/common';
import { copyButton, element, iconButton } from '../shared/element';
import { visibleText } from '../shared/visibleText';

export interface CodeActions {
  copy(text: string): void;
  insert(text: string): void;
}

/** Longer code stays in one color: coloring it would take longer than a reader waits. */
const longestColored = 60_000;

export function codeBlock(source: string, language: string, actions: CodeActions): HTMLElement {
  const block = element('div', { class: 'code', 'data-language': language });
  const code = element('code');
  const text = (): string => code.textContent ?? '';
  block.append(
    element(
      'div',
      { class: 'code-header' },
      element('span', { class: 'code-language' }, language),
      element(
        'span',
        { class: 'code-actions' },
        copyButton('Copy code', () => actions.copy(text())),
        iconButton('insert', 'Insert at cursor', () => actions.insert(text())),
      ),
    ),
    element('pre', { tabindex: 0, 'aria-label': language === '' ? 'Code' : `Code, ${language}`, role: 'group' }, code),
  );
  fillCode(block, source, language);
  return block;
}

/** Shows longer code in a block that is already there. Until `closed`, only what is short enough is colored again. */
export function fillCode(block: HTMLElement, source: string, language: string, closed = true): void {
  const code = block.querySelector('code');
  if (code === null) return;
  const visible = visibleText(source);
  if (visible.length > (closed ? longestColored : 8_000)) {
    extend(code, visible);
    return;
  }
  const colored = language !== '' && hljs.getLanguage(language) !== undefined ? color(visible, language) : undefined;
  if (colored === undefined) extend(code, visible);
  else code.replaceChildren(colored);
}

function color(source: string, language: string): DocumentFragment {
  const { value } = hljs.highlight(source, { language, ignoreIllegals: true });
  return DOMPurify.sanitize(value, { RETURN_DOM_FRAGMENT: true, ALLOWED_TAGS: ['span'], ALLOWED_ATTR: ['class'], ALLOW_DATA_ATTR: false });
}

/** Adds only what is new, so that the lines above are not laid out again. */
function extend(code: HTMLElement, text: string): void {
  const before = code.textContent ?? '';
  if (text.startsWith(before)) code.append(text.slice(before.length));
  else code.textContent = text;
}
