// Where a question is written. The draft is the reader's: it survives a reload, a refusal and a stopped sidecar.
import { element, icon } from '../shared/element';

export interface ComposerActions {
  send(text: string): void;
  stop(): void;
  draftChanged(draft: string): void;
}

export interface ComposerState {
  isRunning: boolean;
  /** Why nothing can be sent now; the draft can still be written. */
  blocked: string | undefined;
}

const mostLines = 12;

export class Composer {
  readonly node: HTMLElement;
  private readonly input: HTMLTextAreaElement;
  private readonly button: HTMLButtonElement;
  private state: ComposerState = { isRunning: false, blocked: undefined };

  constructor(private readonly actions: ComposerActions) {
    this.input = element('textarea', {
      rows: 1,
      placeholder: 'Ask a question',
      'aria-label': 'Message',
      'aria-describedby': 'composer-hint',
    });
    this.button = element('button', { type: 'button', class: 'icon-button send' });
    this.button.addEventListener('click', () => (this.state.isRunning ? this.actions.stop() : this.send()));
    this.input.addEventListener('input', () => this.changed());
    this.input.addEventListener('keydown', (event) => this.pressed(event));
    const hint = element('span', { id: 'composer-hint', class: 'hint' }, 'Enter sends, Shift+Enter breaks the line');
    const box = element('div', { class: 'composer-box' }, this.input, this.button);
    this.node = element('div', { class: 'composer' }, box, hint);
    this.show(this.state);
  }

  show(state: ComposerState): void {
    this.state = state;
    const name = state.isRunning ? 'debug-stop' : 'send';
    const label = state.isRunning ? 'Stop (Escape)' : (state.blocked ?? 'Send (Enter)');
    if (!this.button.firstElementChild?.classList.contains(`codicon-${name}`)) this.button.replaceChildren(icon(name));
    this.button.setAttribute('aria-label', label);
    this.button.title = label;
    // Not `disabled`: the focus would be lost when a turn ends under the reader's finger.
    this.button.setAttribute('aria-disabled', String(!state.isRunning && !this.canSend()));
  }

  get draft(): string {
    return this.input.value;
  }

  setDraft(draft: string): void {
    this.input.value = draft;
    this.changed();
  }

  /** Gives a refused question back in front of what was written since. */
  giveBack(text: string): void {
    if (this.draft.includes(text)) return;
    this.setDraft(this.draft === '' ? text : `${text}\n${this.draft}`);
  }

  focus(): void {
    this.input.focus();
  }

  private canSend(): boolean {
    return !this.state.isRunning && this.state.blocked === undefined && this.draft.trim() !== '';
  }

  private send(): void {
    if (!this.canSend()) return;
    const text = this.draft.trim();
    this.setDraft('');
    this.actions.send(text);
  }

  private pressed(event: KeyboardEvent): void {
    const isComposing = event.isComposing || event.keyCode === 229;
    if (event.key === 'Enter' && !event.shiftKey && !isComposing) {
      event.preventDefault();
      this.send();
    } else if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      event.stopPropagation();
      this.setDraft('');
    }
  }

  private changed(): void {
    this.grow();
    this.show(this.state);
    this.actions.draftChanged(this.draft);
  }

  private grow(): void {
    this.input.style.height = 'auto';
    const line = Number.parseFloat(getComputedStyle(this.input).lineHeight) || 18;
    const padding = this.input.offsetHeight - this.input.clientHeight + 12;
    this.input.style.height = `${Math.min(this.input.scrollHeight, line * mostLines + padding)}px`;
  }
}
