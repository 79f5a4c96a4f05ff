// A code block: a header with language and actions, and code with classes that chat.css colors.
import * as l10n from '@vscode/l10n';
import DOMPurify from 'dompurify';
import { copyButton, element, iconButton, setText } from '../../shared/element';
import { visibleText } from '../../../common/visibleText';
import { highlighted } from './highlighter';

/** `info` is the text after the opening fence: a language, and possibly a file. */
export interface CodeActions {
  copy(text: string): void;
  insert(text: string): void;
  /** Shows a diff of the code against its file. */
  apply(text: string, info: string): void;
  newFile(text: string, info: string): void;
  /** Shows a diagram in VS Code's Markdown preview. */
  preview(text: string): void;
  runInTerminal(text: string): void;
}

const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'zsh', 'fish', 'shell', 'console', 'powershell', 'pwsh', 'ps1', 'bat', 'cmd']);

/** Longer code has no colors, because highlighting would be too slow. */
const maxColoredLength = 60_000;

export function codeBlock(source: string, info: string, actions: CodeActions): HTMLElement {
  const language = languageOf(info);
  const block = element('div', { class: 'code', 'data-language': language });
  const code = element('code');
  const text = (): string => code.textContent ?? '';
  const button = (name: string, label: string, does: 'apply' | 'newFile' | 'preview'): HTMLButtonElement =>
    iconButton(name, label, () => actions[does](text(), block.dataset['info'] ?? ''));
  block.append(
    element(
      'div',
      { class: 'code-header' },
      element('span', { class: 'code-language' }, language, element('span', { class: 'code-path' })),
      element(
        'span',
        { class: 'code-actions' },
        ...(language === 'mermaid' ? [button('open-preview', l10n.t('Open Preview'), 'preview')] : []),
        ...(shells.has(language.toLowerCase())
          ? [iconButton('terminal', l10n.t('Run in Terminal'), () => actions.runInTerminal(text()))]
          : []),
        copyButton(l10n.t('Copy Code'), () => actions.copy(text())),
        iconButton('insert', l10n.t('Insert at Cursor'), () => actions.insert(text())),
        button('git-compare', l10n.t('Apply as Diff'), 'apply'),
        button('new-file', l10n.t('New File'), 'newFile'),
      ),
    ),
    element('pre', { tabindex: 0, 'aria-label': language === '' ? l10n.t('Code') : l10n.t('Code, {0}', language), role: 'group' }, code),
  );
  fillCode(block, source, info);
  return block;
}

/** Updates an existing block with longer code. Until `closed`, only short code is highlighted again. */
export function fillCode(block: HTMLElement, source: string, info: string, closed = true): void {
  const code = block.querySelector('code');
  const path = block.querySelector('.code-path');
  if (code === null || path === null) return;
  const language = languageOf(info);
  block.dataset['info'] = info.trim();
  setText(path, visibleText(pathOf(info)));
  const visible = visibleText(source);
  if (visible.length > (closed ? maxColoredLength : 8_000)) {
    extend(code, visible);
    return;
  }
  const colored =
    language === ''
      ? undefined
      : color(visible, language, () => {
          // The code may have changed meanwhile.
          if (code.textContent === visible) fillCode(block, source, info, closed);
        });
  if (colored === undefined) extend(code, visible);
  else code.replaceChildren(colored);
}

/** Returns the first word after a fence, or the extension of a path. */
export function languageOf(info: string): string {
  const word = /^[^\s:{]*/.exec(info.trim())?.[0] ?? '';
  return /^[\w+#.-]+/.exec(word.includes('/') ? (/\.([^./]+)$/.exec(word)?.[1] ?? '') : word)?.[0] ?? '';
}

/** Returns the file name after the language, as in `ts src/date.ts` or `ts:src/date.ts`. */
function pathOf(info: string): string {
  return /(?:^|[\s:="'])([^\s:="']*[./][^\s:="']*\w)/.exec(info.trim())?.[1] ?? '';
}

function color(source: string, language: string, retry: () => void): DocumentFragment | undefined {
  const value = highlighted(source, language, retry);
  if (value === undefined) return undefined;
  return DOMPurify.sanitize(value, { RETURN_DOM_FRAGMENT: true, ALLOWED_TAGS: ['span'], ALLOWED_ATTR: ['class'], ALLOW_DATA_ATTR: false });
}

/** Appends only new text, to avoid another layout of earlier lines. */
function extend(code: HTMLElement, text: string): void {
  const before = code.textContent ?? '';
  if (text.startsWith(before)) code.append(text.slice(before.length));
  else code.textContent = text;
}
