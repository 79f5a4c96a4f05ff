// The completion list above the composer. The focus stays in the composer, which is a combobox while the list is open.
import { element, icon } from '../../shared/element';
import { visibleText } from '../../../common/visibleText';

export interface Completion {
  icon: string;
  label: string;
  detail?: string;
  pick(): void;
}

export interface Completions {
  /** Label of the list. */
  label: string;
  rows: Completion[];
  /** Under the rows, or in their place. */
  note?: string;
}

export class CompletionList {
  readonly node = element('div', { class: 'completions', hidden: true });
  private readonly list = element('div', { id: 'completions', class: 'completion-rows', role: 'listbox' });
  private readonly note = element('div', { id: 'completion-note', class: 'completion-note', hidden: true });
  private rows: { node: HTMLElement; completion: Completion }[] = [];
  private active = 0;
  /** The reader chose a row; until then the first is meant. */
  private isMoved = false;

  constructor(private readonly input: HTMLTextAreaElement) {
    this.node.append(this.list, this.note);
    // A press must not take the focus out of the composer.
    this.node.addEventListener('mousedown', (event) => event.preventDefault());
    input.addEventListener('blur', () => this.close());
  }

  get isOpen(): boolean {
    return !this.node.hidden;
  }

  show({ label, rows, note }: Completions): void {
    // A restored draft does not open the list.
    if (document.activeElement !== this.input || (rows.length === 0 && note === undefined)) return this.close();
    const before = this.rows[this.active]?.completion.label;
    this.list.setAttribute('aria-label', label);
    this.rows = rows.map((completion, at) => ({ completion, node: this.row(completion, at) }));
    this.list.hidden = rows.length === 0;
    this.list.replaceChildren(...this.rows.map(({ node }) => node));
    this.note.hidden = note === undefined;
    this.note.textContent = note ?? '';
    this.node.hidden = false;
    this.input.setAttribute('role', 'combobox');
    this.input.setAttribute('aria-autocomplete', 'list');
    this.input.setAttribute('aria-controls', 'completions');
    this.input.setAttribute('aria-describedby', note === undefined ? 'composer-hint' : 'completion-note');
    this.input.setAttribute('aria-expanded', String(rows.length > 0));
    // New rows of a running scan do not move the selection.
    this.mark(
      this.isMoved
        ? Math.max(
            0,
            rows.findIndex((row) => row.label === before),
          )
        : 0,
    );
  }

  close(): void {
    if (!this.isOpen) return;
    this.node.hidden = true;
    this.rows = [];
    this.isMoved = false;
    for (const name of ['role', 'aria-autocomplete', 'aria-controls', 'aria-expanded', 'aria-activedescendant'])
      this.input.removeAttribute(name);
    this.input.setAttribute('aria-describedby', 'composer-hint');
  }

  /** True when the key was for the list. */
  pressed(event: KeyboardEvent): boolean {
    if (!this.isOpen || event.isComposing || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false;
    const { length } = this.rows;
    if (event.key === 'Escape') this.close();
    else if (length === 0) return false;
    else if (event.key === 'ArrowDown') this.move((this.active + 1) % length);
    else if (event.key === 'ArrowUp') this.move((this.active + length - 1) % length);
    else if (event.key === 'PageDown') this.move(Math.min(length - 1, this.active + 8));
    else if (event.key === 'PageUp') this.move(Math.max(0, this.active - 8));
    else if (event.key === 'Enter' || event.key === 'Tab') this.rows[this.active]?.completion.pick();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  private move(to: number): void {
    this.isMoved = true;
    this.mark(to);
  }

  private mark(to: number): void {
    this.active = to;
    this.rows.forEach(({ node }, at) => {
      node.setAttribute('aria-selected', String(at === to));
      node.classList.toggle('active', at === to);
    });
    const node = this.rows[to]?.node;
    if (node === undefined) return this.input.removeAttribute('aria-activedescendant');
    this.input.setAttribute('aria-activedescendant', node.id);
    node.scrollIntoView?.({ block: 'nearest' });
  }

  private row(completion: Completion, at: number): HTMLElement {
    const node = element(
      'div',
      { id: `completion-${at}`, class: 'completion', role: 'option' },
      icon(completion.icon),
      element('span', { class: 'completion-label' }, visibleText(completion.label)),
      completion.detail === undefined ? undefined : element('span', { class: 'completion-detail' }, visibleText(completion.detail)),
    );
    node.addEventListener('mousemove', () => this.active !== at && this.move(at));
    node.addEventListener('click', () => completion.pick());
    return node;
  }
}
