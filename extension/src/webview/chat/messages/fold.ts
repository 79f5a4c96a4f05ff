import { element, icon, setText } from '../../shared/element';

/** A collapsible section for reasoning or a tool call. Its content is created when first opened. */
export class Fold {
  readonly node: HTMLElement;
  readonly line: HTMLElement;
  readonly trailing = element('span', { class: 'fold-trailing' });
  /** Next to the button, at the end of the line. */
  readonly actions = element('span', { class: 'fold-actions' });
  private readonly button: HTMLButtonElement;
  private readonly body: HTMLElement;
  private readonly title = element('span', { class: 'fold-title' });
  private readonly detail = element('span', { class: 'fold-detail' });
  private isUsers = false;

  constructor(
    id: string,
    private readonly fill: (body: HTMLElement) => void,
  ) {
    this.body = element('div', { class: 'fold-body', id, hidden: true });
    this.button = element(
      'button',
      { type: 'button', class: 'fold-button', 'aria-expanded': 'false', 'aria-controls': id },
      icon('chevron-right'),
      this.title,
      this.detail,
      this.trailing,
    );
    this.button.addEventListener('click', () => this.toggle());
    this.line = element('div', { class: 'fold-line' }, this.button, this.actions);
    this.node = element('div', { class: 'fold' }, this.line, this.body);
  }

  get isOpen(): boolean {
    return !this.body.hidden;
  }

  describe(title: string, detail = ''): void {
    setText(this.title, title);
    setText(this.detail, detail);
  }

  /** Updates the content if it is open. */
  refresh(): void {
    if (this.isOpen) this.fill(this.body);
  }

  /** Opens or closes the section, unless the user did so before. */
  open(isOpen: boolean): void {
    if (!this.isUsers && isOpen !== this.isOpen) this.show(isOpen);
  }

  private toggle(): void {
    this.isUsers = true;
    this.show(!this.isOpen);
    if (this.isOpen) this.node.scrollIntoView?.({ block: 'nearest' });
  }

  private show(isOpen: boolean): void {
    this.body.hidden = !isOpen;
    this.button.setAttribute('aria-expanded', String(this.isOpen));
    this.button.firstElementChild?.classList.toggle('codicon-chevron-right', !this.isOpen);
    this.button.firstElementChild?.classList.toggle('codicon-chevron-down', this.isOpen);
    this.refresh();
  }
}
