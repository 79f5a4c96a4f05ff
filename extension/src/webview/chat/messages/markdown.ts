// Renders model output as elements. Nothing in it can run, load or navigate: HTML is not passed on, the
// result is sanitized by a strict allowlist, external images become links, and links only send a request to the panel.
import * as l10n from '@vscode/l10n';
import DOMPurify from 'dompurify';
import MarkdownIt, { type Env, type StateBlock, type StateInline, type Token } from 'markdown-it';
import { element, icon, textButton } from '../../shared/element';
import { visibleText } from '../../../common/visibleText';
import { codeBlock, type CodeActions } from './codeBlock';
import { showFormula } from './formula';
import { asCsv, asMarkdown, rowsOf } from './tableText';

/** A top-level block: a paragraph, a list, or a code fence, for example. */
export interface Block {
  tokens: Token[];
  /** Lines of the parsed text; `endLine` is exclusive. */
  firstLine: number;
  endLine: number;
}

/** Link definitions of this text; parsing adds to them. */
export type Definitions = Pick<Env, 'references'> & {
  /** True if more text may follow, so that an unclosed formula may still end. */
  isOpen?: boolean;
};

export function parseBlocks(text: string, definitions: Definitions): Block[] {
  const blocks: Block[] = [];
  let open: Token[] = [];
  for (const token of markdown.parse(text, definitions)) {
    open.push(token);
    const closes = token.level === 0 && token.nesting <= 0;
    if (!closes) continue;
    const [firstLine, endLine] = open[0]?.map ?? [0, 0];
    blocks.push({ tokens: open, firstLine, endLine });
    open = [];
  }
  return blocks;
}

export function renderBlock(block: Block, definitions: Definitions, actions: CodeActions): HTMLElement {
  const fence = block.tokens[0];
  if (block.tokens.length === 1 && fence !== undefined && (fence.type === 'fence' || fence.type === 'code_block')) {
    return wrapped(codeBlock(fence.content, fence.info, actions));
  }
  const html = markdown.renderer.render(block.tokens, markdown.options, definitions);
  const node = wrapped(DOMPurify.sanitize(html, allowed));
  finish(node, actions);
  return node;
}

const allowed = {
  RETURN_DOM_FRAGMENT: true as const,
  ALLOWED_TAGS: [
    'p',
    'br',
    'hr',
    'h1',
    'h2',
    'h3',
    'h4',
    'h5',
    'h6',
    'strong',
    'em',
    's',
    'code',
    'pre',
    'blockquote',
    'ul',
    'ol',
    'li',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
    'a',
    'div',
    'span',
  ],
  ALLOWED_ATTR: ['class', 'start', 'data-href', 'data-info'],
  // Browsers do not follow these; their values are checked before use.
  ADD_URI_SAFE_ATTR: ['data-href', 'data-info'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

const markdown = new MarkdownIt({ html: false, linkify: true, breaks: false });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });
markdown.validateLink = (href) => isOpenable(href) || isShownImage(href);
markdown.inline.ruler.before('escape', 'formula', inlineFormula);
markdown.block.ruler.before('fence', 'formula', formulaBlock, { alt: ['paragraph', 'reference', 'blockquote', 'list'] });

const { rules } = markdown.renderer;
rules['link_open'] = (tokens, at) => `<a data-href="${escape(attribute(tokens[at], 'href'))}">`;
rules['image'] = (tokens, at) => {
  const image = tokens[at];
  const href = attribute(image, 'src');
  const words = image?.content === undefined || image.content === '' ? l10n.t('Image') : image.content;
  return `<a class="image-link" data-href="${escape(href)}">${escape(words)}</a>`;
};
/** A path with a line, such as `src/date.ts:4`, becomes a link without link syntax. */
rules['code_inline'] = (tokens, at) => {
  const content = tokens[at]?.content ?? '';
  const code = `<code>${escape(content)}</code>`;
  return isPathWithLine(content) && !isInLink(tokens, at) ? `<a data-href="${escape(content)}">${code}</a>` : code;
};
rules['fence'] = rules['code_block'] = (tokens, at) =>
  `<pre data-info="${escape(tokens[at]?.info ?? '')}">${escape(tokens[at]?.content ?? '')}</pre>`;
rules['formula'] = (tokens, at) => {
  const [tag, look] = [tokens[at]?.block === true ? 'div' : 'span', tokens[at]?.info ?? ''];
  return `<${tag} class="formula ${look}">${escape(tokens[at]?.content ?? '')}</${tag}>`;
};
for (const cell of ['th_open', 'td_open']) {
  rules[cell] = (tokens, at) => {
    const side = /text-align:\s*(left|center|right)/.exec(attribute(tokens[at], 'style'))?.[1];
    return `<${cell.slice(0, 2)}${side === undefined ? '' : ` class="align-${side}"`}>`;
  };
}

/** Parses `$x$` and `\(x\)`, and within text also `$$x$$` and `\[x\]`. */
function inlineFormula(state: StateInline, silent: boolean): boolean {
  const formula = /^(?:\\\([^]+?\\\)|\\\[[^]+?\\\]|\$\$[^$]+?\$\$|\$(?=\S)[^$\n]*?[^\s$]\$(?!\w))/.exec(
    state.src.slice(state.pos, state.pos + 2000),
  )?.[0];
  if (formula === undefined || (formula.startsWith('$') && isMoney(formula, state.src[state.pos - 1]))) return false;
  if (!silent) {
    const token = state.push('formula', 'span', 0);
    token.content = formula;
    token.info = /^(?:\$\$|\\\[)/.test(formula) ? 'display' : '';
  }
  state.pos += formula.length;
  return true;
}

/** True if text between two dollar signs is prose, such as prices. */
function isMoney(formula: string, before: string | undefined): boolean {
  if (before !== undefined && /[\w$\\]/.test(before)) return true;
  return /^\$\d/.test(formula) && /\s[a-z]{2,}/i.test(formula) && !/[\\^_{}]/.test(formula);
}

/** Parses a formula on its own lines, which contains no blank line. */
function formulaBlock(state: StateBlock, startLine: number, endLine: number, silent: boolean): boolean {
  const lineAt = (line: number): string => state.getLines(line, line + 1, state.blkIndent, false);
  const isCode = /^(?: {4}|\t)/.test(lineAt(startLine));
  const opening = /^(?:\$\$|\\\[)/.exec(lineAt(startLine).trim())?.[0];
  if (opening === undefined || isCode) return false;
  const closing = opening === '$$' ? '$$' : '\\]';

  let line = startLine;
  let text = lineAt(line).trim().slice(2);
  while (!text.includes(closing)) {
    line++;
    const isEnd = line >= endLine;
    if (isEnd && state.env['isOpen'] === true && isLastLine(state, endLine)) break;
    if (isEnd || state.isEmpty(line)) return false;
    text = lineAt(line);
  }
  const isWhole = line < endLine;
  if (isWhole && text.trimEnd().indexOf(closing) !== text.trimEnd().length - 2) return false;
  if (silent) return true;

  const token = state.push('formula', 'div', 0);
  token.block = true;
  token.content = state.getLines(startLine, isWhole ? line + 1 : endLine, state.blkIndent, false).trim();
  token.info = isWhole ? 'display' : 'open';
  token.map = [startLine, line + 1];
  state.line = line + 1;
  return true;
}

function isLastLine(state: StateBlock, endLine: number): boolean {
  return state.src.slice(state.eMarks[endLine - 1]).trim() === '';
}

/** True for web and mail addresses and workspace paths; the panel checks again. */
function isOpenable(href: string): boolean {
  if (isPathWithLine(href)) return true;
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(href.trim())?.[0].toLowerCase();
  if (scheme === undefined) return !/^(\/\/|\\|#)/.test(href.trim());
  return scheme === 'https:' || scheme === 'http:' || scheme === 'mailto:';
}

/** Matches `date.ts:12`. */
function isPathWithLine(href: string): boolean {
  return /^[\w/-]*[./][\w./-]*:\d+(:\d+)?$/.test(href) && !href.startsWith('//');
}

function isInLink(tokens: readonly Token[], at: number): boolean {
  const depth = tokens.slice(0, at).reduce((sum, { type }) => sum + (type === 'link_open' ? 1 : type === 'link_close' ? -1 : 0), 0);
  return depth > 0;
}

/** True for a small image embedded in the response; nothing is loaded. */
function isShownImage(href: string): boolean {
  return href.length <= 300_000 && /^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+$/.test(href);
}

function attribute(token: Token | undefined, name: string): string {
  return String(token?.attrGet(name) ?? '');
}

function escape(text: string): string {
  return markdown.utils.escapeHtml(text);
}

function wrapped(content: Node): HTMLElement {
  return element('div', { class: 'block' }, content);
}

function finish(root: HTMLElement, actions: CodeActions): void {
  for (const pre of root.querySelectorAll('pre')) {
    pre.replaceWith(codeBlock(pre.textContent ?? '', pre.dataset['info'] ?? '', actions));
  }
  for (const table of root.querySelectorAll('table')) finishTable(table, actions);
  for (const link of root.querySelectorAll('a')) finishLink(link);
  for (const item of root.querySelectorAll('li')) finishTask(item);
  showHiddenCharacters(root);
  for (const formula of root.querySelectorAll<HTMLElement>('.formula:not(.open)')) showFormula(formula);
}

/** Makes a wide table scroll on its own and adds actions to copy it. */
function finishTable(table: HTMLTableElement, actions: CodeActions): void {
  const block = element('div', { class: 'table-block' });
  const scroller = element('div', { class: 'table', tabindex: 0, role: 'group', 'aria-label': l10n.t('Table') });
  table.replaceWith(block);
  scroller.append(table);
  block.append(
    scroller,
    element(
      'div',
      { class: 'table-actions' },
      textButton(l10n.t('Copy as Markdown'), () => actions.copy(asMarkdown(rowsOf(table))), 'quiet'),
      textButton(l10n.t('Copy as CSV'), () => actions.copy(asCsv(rowsOf(table))), 'quiet'),
    ),
  );
}

/** Links have no href, so clicks, drags, and prefetch do nothing. */
function finishLink(link: HTMLAnchorElement): void {
  const href = link.dataset['href'] ?? '';
  if (link.classList.contains('image-link') && isShownImage(href)) {
    link.replaceWith(element('img', { class: 'image', src: href, alt: visibleText(link.textContent ?? '') }));
    return;
  }
  if (!isOpenable(href) || href === '') {
    link.replaceWith(...link.childNodes);
    return;
  }
  link.setAttribute('role', 'link');
  link.tabIndex = 0;
  link.title = visibleText(href);
  const host = hostOf(href);
  if (link.classList.contains('image-link')) {
    link.prepend(icon('file-media'));
    if (host !== undefined) link.append(` (${host})`);
  } else if (host !== undefined && (hasUserInformation(href) || claimsAnotherHost(link.textContent ?? '', host))) {
    link.after(element('span', { class: 'real-host' }, ` (${host})`));
  }
}

function hostOf(href: string): string | undefined {
  if (!URL.canParse(href)) return undefined;
  const { protocol, host } = new URL(href);
  return protocol === 'mailto:' ? undefined : host;
}

/** True for `https://github.com@example.org`, where the user name looks like a host. */
function hasUserInformation(href: string): boolean {
  const { username, password } = new URL(href);
  return username !== '' || password !== '';
}

/** True if the link text looks like an address with a different host. */
function claimsAnotherHost(words: string, host: string): boolean {
  const claimed = /(?:^|[\s/@.])((?:[\w-]+\.)+[a-z]{2,})(?:[\s/:?#]|$)/i.exec(words)?.[1]?.toLowerCase();
  return claimed !== undefined && claimed !== host && `www.${claimed}` !== host && claimed !== `www.${host}`;
}

/** Handles `[ ]` and `[x]` at the start of an item. */
function finishTask(item: HTMLElement): void {
  const holder = item.firstElementChild?.tagName === 'P' ? item.firstElementChild : item;
  const first = holder.firstChild;
  const mark = first instanceof Text ? /^\s*\[([ xX])\]\s/.exec(first.data) : null;
  if (!(first instanceof Text) || mark === null) return;
  const done = mark[1] !== ' ';
  first.data = first.data.slice(mark[0].length);
  item.classList.add('task');
  holder.prepend(
    element('span', {
      class: `codicon codicon-${done ? 'pass-filled' : 'circle-large-outline'}`,
      role: 'img',
      'aria-label': done ? l10n.t('Done:') : l10n.t('To do:'),
    }),
  );
}

function showHiddenCharacters(root: HTMLElement): void {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!(node instanceof Text)) continue;
    const visible = visibleText(node.data);
    if (visible !== node.data) node.data = visible;
  }
}
