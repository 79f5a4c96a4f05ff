// Search results by chat, in order of arrival.
import * as l10n from '@vscode/l10n';
import type { SearchHit } from '../../protocol/protocol.generated';
import { element, setText } from '../shared/element';
import { locale } from '../../common/locale';
import { moveByArrows } from '../shared/roving';
import { displayTitle } from '../../common/title';
import { visibleText } from '../../common/visibleText';

interface Group {
  list: HTMLElement;
  count: HTMLElement;
  hits: number;
}

export class Results {
  readonly node = element('div', { class: 'results' });
  private groups = new Map<string, Group>();
  private rows: HTMLElement[] = [];

  constructor(
    private readonly open: (hit: SearchHit) => void,
    /** Called when the user moves up from the first row. */
    private readonly leave: () => void,
  ) {
    this.node.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' || (event.key === 'ArrowUp' && event.target === this.rows[0])) {
        event.preventDefault();
        this.leave();
      } else moveByArrows(event, this.rows);
    });
  }

  get hits(): number {
    return this.rows.length;
  }

  get chats(): number {
    return this.groups.size;
  }

  clear(): void {
    this.groups = new Map();
    this.rows = [];
    this.node.replaceChildren();
  }

  add(hits: readonly SearchHit[], chosen: string | undefined): void {
    for (const hit of hits) {
      const group = this.groups.get(hit.codexId) ?? this.group(hit);
      const row = this.row(hit);
      // One tab stop: the row selected last, or else the first.
      row.tabIndex = this.rows.length === 0 ? 0 : -1;
      if (keyOf(hit) === chosen) {
        for (const other of this.rows) other.tabIndex = -1;
        row.tabIndex = 0;
        row.setAttribute('aria-current', 'true');
      }
      group.list.append(element('li', {}, row));
      this.rows.push(row);
      group.hits++;
      setText(group.count, placesText(group.hits));
    }
  }

  /** Focuses the row with the tab stop. */
  focus(): void {
    (this.rows.find((row) => row.tabIndex === 0) ?? this.rows[0])?.focus();
  }

  private group({ codexId, title }: SearchHit): Group {
    const list = element('ul', { class: 'hits' });
    const count = element('span', { class: 'hit-count' });
    const group = { list, count, hits: 0 };
    const name = displayTitle(title);
    this.node.append(
      element(
        'section',
        { class: 'chat-hits', 'aria-label': name },
        element('div', { class: 'chat-head' }, element('h2', {}, name), count),
        list,
      ),
    );
    this.groups.set(codexId, group);
    return group;
  }

  private row(hit: SearchHit): HTMLElement {
    const { snippet, start, length } = hit;
    const time = new Date(hit.createdAt);
    const row = element(
      'button',
      { type: 'button', class: 'hit' },
      element(
        'span',
        { class: 'hit-who' },
        hit.messageId === '' ? l10n.t('Title') : hit.role === 'user' ? l10n.t('You') : l10n.t('Response'),
      ),
      element(
        'span',
        { class: 'hit-snippet' },
        visibleText(snippet.slice(0, start)),
        element('mark', {}, visibleText(snippet.slice(start, start + length))),
        visibleText(snippet.slice(start + length)),
      ),
      element('time', { class: 'hit-time', datetime: hit.createdAt, title: time.toLocaleString(locale) }, time.toLocaleDateString(locale)),
    );
    row.addEventListener('click', () => {
      for (const other of this.rows) {
        other.tabIndex = other === row ? 0 : -1;
        other.removeAttribute('aria-current');
      }
      row.setAttribute('aria-current', 'true');
      this.open(hit);
    });
    return row;
  }
}

/** Identifies a result across reloads. */
export function keyOf({ codexId, messageId }: Pick<SearchHit, 'codexId' | 'messageId'>): string {
  return `${codexId}#${messageId}`;
}

/** Returns "12 places". */
export function placesText(hits: number): string {
  return hits === 1 ? l10n.t('1 match') : l10n.t('{0} matches', hits);
}
