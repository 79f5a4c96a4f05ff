// Searches all chats, and shows results while the search runs.
import * as l10n from '@vscode/l10n';
import type { SearchChatsResult } from '../../protocol/protocol.generated';
import { element, icon, setText, textButton, type Child } from '../shared/element';
import { PageFrame } from '../shared/pageFrame';
import type { Panel } from '../shared/panel';
import { visibleText } from '../../common/visibleText';
import { Filters } from './filters';
import type { FromSearchPage, ToSearchPage } from '../../common/messages/search';
import type { SavedState } from './savedState';
import { emptyForm, isFiltered, problemOf, queryOf } from './query';
import { keyOf, placesText, Results } from './results';

/** Delay after typing before the search starts, in milliseconds. */
export const typingPause = 150;

/** Maximum number of matches. */
const maxHits = 500;

export class SearchPage {
  private readonly filters: Filters;
  private readonly results: Results;
  private readonly line = element('div', { class: 'column progress-line' });
  private readonly note = element('div', { class: 'column note' });
  private readonly frame: PageFrame;
  private pause: ReturnType<typeof setTimeout> | undefined;
  private searches = 0;
  /** ID of the running or last search. */
  private searchId = '';
  private isSearching = false;
  private chosen: string | undefined;
  /** To avoid flicker, previous results stay until the new search finds something. */
  private isStale = false;

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromSearchPage>,
    kept: SavedState | undefined,
    private readonly now: () => Date = () => new Date(),
  ) {
    this.chosen = kept?.chosen;
    this.filters = new Filters(kept?.form ?? emptyForm, (typing) => this.changed(typing));
    this.results = new Results(
      (hit) => {
        this.chosen = keyOf(hit);
        this.keep();
        panel.post({ type: 'open', uri: hit.codexId, messageId: hit.messageId });
      },
      () => this.filters.box.focus(),
    );
    this.frame = new PageFrame(root, l10n.t('Search chats'), {
      headerLines: [this.filters.node, this.line],
      body: [this.note, element('div', { class: 'column' }, this.results.node)],
    });
    this.filters.box.addEventListener('keydown', (event) => {
      if (event.isComposing) return;
      if (event.key === 'ArrowDown' && this.results.hits > 0) {
        event.preventDefault();
        this.results.focus();
      } else if (event.key === 'Enter') this.search();
    });
    panel.post({ type: 'ready' });
    this.search();
    this.filters.box.focus();
  }

  receive(message: ToSearchPage): void {
    switch (message.type) {
      case 'choices':
        this.filters.offer(message.choices);
        return;
      case 'focus':
        this.filters.box.focus();
        this.filters.box.select();
        return;
      case 'refused':
        this.setStatus(failureLine(message.error.message));
        return;
      case 'hits':
        if (message.searchId !== this.searchId) return;
        this.dropStale();
        this.results.add(message.hits, this.chosen);
        this.drawLine();
        return;
      case 'done':
        if (message.searchId !== this.searchId) return;
        this.isSearching = false;
        this.dropStale();
        this.drawLine();
        this.finish(message.result);
        return;
      case 'failed':
        if (message.searchId !== this.searchId) return;
        this.isSearching = false;
        this.dropStale();
        this.drawLine();
        this.setStatus(
          failureLine(message.error.message),
          textButton(l10n.t('Try Again'), () => this.search()),
        );
        setText(this.frame.status, visibleText(message.error.message));
        return;
    }
  }

  private changed(typing: boolean): void {
    clearTimeout(this.pause);
    this.keep();
    if (typing) this.pause = setTimeout(() => this.search(), typingPause);
    else this.search();
  }

  private keep(): void {
    this.panel.setState({ form: this.filters.form, chosen: this.chosen } satisfies SavedState);
  }

  private search(): void {
    clearTimeout(this.pause);
    const { form } = this.filters;
    const problem = problemOf(form);
    const query = problem === undefined ? queryOf(form, this.now()) : undefined;
    this.setStatus();
    if (query === undefined) {
      if (this.isSearching) this.panel.post({ type: 'cancel' });
      this.isSearching = false;
      this.searchId = '';
      this.results.clear();
      this.drawLine();
      if (problem === undefined)
        this.setStatus(
          element('p', {}, l10n.t('Type words or a quoted phrase to find messages that contain all of them, or use filters alone.')),
        );
      else this.setStatus(failureLine(problem));
      return;
    }
    this.searchId = `search-${++this.searches}`;
    this.isSearching = true;
    this.isStale = true;
    this.drawLine();
    this.panel.post({ type: 'search', searchId: this.searchId, query: { ...query, limit: maxHits } });
  }

  private dropStale(): void {
    if (!this.isStale) return;
    this.isStale = false;
    this.results.clear();
  }

  private finish({ hits, chats, isTruncated, unreadable }: SearchChatsResult): void {
    const { form } = this.filters;
    const words = hits === 0 ? l10n.t('No results found.') : l10n.t('{0}.', foundText(hits, chats));
    setText(this.frame.status, words);
    const notes: Child[] = [];
    if (hits === 0) {
      const what =
        form.text.trim() === ''
          ? l10n.t('No results match these filters.')
          : l10n.t('No results found for “{0}”.', visibleText(form.text.trim()));
      notes.push(element('p', {}, what));
      if (isFiltered(form)) notes.push(textButton(l10n.t('Remove Filters'), () => this.filters.removeAll()));
      if (!form.includeArchived) notes.push(textButton(l10n.t('Include Archived Chats'), () => this.filters.includeArchive()));
    }
    if (isTruncated) notes.push(element('p', {}, l10n.t('Showing the first {0} matches. Refine the search to see others.', hits)));
    if (unreadable > 0)
      notes.push(
        element('p', {}, unreadable === 1 ? l10n.t('1 chat could not be read.') : l10n.t('{0} chats could not be read.', unreadable)),
      );
    this.setStatus(...notes);
  }

  private drawLine(): void {
    const { results, isSearching } = this;
    const count = this.isStale || results.hits === 0 ? '' : foundText(results.hits, results.chats);
    this.line.replaceChildren(
      ...(isSearching ? [icon('loading codicon-modifier-spin'), element('span', {}, l10n.t('Searching…'))] : []),
      element('span', { class: 'count' }, count),
    );
  }

  private setStatus(...children: Child[]): void {
    this.note.replaceChildren(...children.filter((child) => child !== undefined));
  }
}

function failureLine(message: string): HTMLElement {
  return element('div', { class: 'failure-text' }, icon('error'), element('span', {}, visibleText(message)));
}

/** Returns "12 places in 3 chats". */
function foundText(hits: number, chats: number): string {
  return chats === 1 ? l10n.t('{0} in 1 chat', placesText(hits)) : l10n.t('{0} in {1} chats', placesText(hits), chats);
}
