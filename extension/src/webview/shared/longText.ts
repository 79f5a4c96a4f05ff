// Text that somebody has to judge: shown as it is, what hides in it drawn, and what is left out in the middle said with its size.
import * as l10n from '@vscode/l10n';
import { element, textButton } from './element';
import { grouped } from './figures';
import { visibleText } from './visibleText';

export interface Limits {
  /** Lines, or characters of a text without lines, shown at the beginning and at the end. */
  headLines: number;
  tailLines: number;
  headCharacters: number;
  tailCharacters: number;
}

const usual: Limits = { headLines: 12, tailLines: 4, headCharacters: 1200, tailCharacters: 400 };

export interface Clipped {
  head: string;
  /** "180 lines not shown"; undefined where all is shown. */
  left?: string;
  tail: string;
}

/** A carriage return that ends no line would move back what follows it. */
export function exactText(text: string): string {
  return visibleText(text).replace(/\r(?!\n)/g, '⟨U+000D⟩');
}

/** @param text As it is to be drawn. */
export function clip(text: string, limits: Limits = usual): Clipped {
  const lines = text.split('\n');
  if (lines.length > limits.headLines + limits.tailLines + 1) {
    const head = lines.slice(0, limits.headLines);
    const tail = lines.slice(-limits.tailLines);
    const left = lines.length - head.length - tail.length;
    // The lines that are left may still be long.
    if (head.join('\n').length <= limits.headCharacters && tail.join('\n').length <= limits.tailCharacters) {
      return { head: head.join('\n'), left: l10n.t('{0} lines not shown', grouped(left)), tail: tail.join('\n') };
    }
  }
  const most = limits.headCharacters + limits.tailCharacters;
  if (text.length <= most + 40) return { head: text, tail: '' };
  const head = whole(text.slice(0, limits.headCharacters), true);
  const tail = whole(text.slice(-limits.tailCharacters), false);
  const left = text.length - head.length - tail.length;
  return { head, left: l10n.t('{0} characters not shown', grouped(left)), tail };
}

/** Never half of a character, nor half of a drawn one. */
function whole(piece: string, isHead: boolean): string {
  if (isHead) return piece.replace(/[\uD800-\uDBFF]$/, '').replace(/⟨[^⟩]{0,9}$/, '');
  return piece.replace(/^[\uDC00-\uDFFF]/, '').replace(/^[^⟨]{0,9}⟩/, (start) => (/^U?\+?[0-9A-F]{0,6}⟩$/.test(start) ? '' : start));
}

/**
 * @param line Draws one line, for a text that is no plain one.
 * @param changed The text took more room than before.
 */
export function longText(text: string, label: string, changed: () => void, line?: (text: string) => Node, limits = usual): HTMLElement {
  const node = element('div', { class: 'exact-text', role: 'group', 'aria-label': label });
  const exact = exactText(text);
  const piece = (words: string): HTMLElement =>
    element('pre', { tabindex: 0 }, ...(line === undefined ? [words] : words.split('\n').map((one) => line(one))));
  const { head, left, tail } = clip(exact, limits);
  if (left === undefined) {
    node.append(piece(head));
    return node;
  }
  const showAll = textButton(
    l10n.t('Show all'),
    () => {
      node.replaceChildren(piece(exact));
      changed();
      node.querySelector('pre')?.focus({ preventScroll: true });
    },
    'quiet',
  );
  node.append(piece(head), element('div', { class: 'left-out' }, element('span', {}, `⋯ ${left}`), showAll), piece(tail));
  return node;
}

/** One line of a unified diff. */
export function diffLine(text: string): HTMLElement {
  const kind = text.startsWith('@@')
    ? 'place'
    : text.startsWith('+') && !text.startsWith('+++ ')
      ? 'added'
      : text.startsWith('-') && !text.startsWith('--- ')
        ? 'removed'
        : 'same';
  return element('span', { class: `diff-line ${kind}` }, `${text}\n`);
}
