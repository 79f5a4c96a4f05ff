// Inline editor of a question. Enter sends it, Escape cancels.
import * as l10n from '@vscode/l10n';
import { element, textButton } from '../../shared/element';

export class MessageEditor {
  readonly node: HTMLElement;
  private readonly input: HTMLTextAreaElement;

  constructor(
    text: string,
    private readonly send: (text: string) => void,
    private readonly cancel: () => void,
  ) {
    this.input = element('textarea', { class: 'editor-input', rows: 1, 'aria-label': l10n.t('Edit your message') });
    this.input.value = text;
    this.input.addEventListener('input', () => this.grow());
    this.input.addEventListener('keydown', (event) => this.pressed(event));
    this.node = element(
      'div',
      { class: 'message-editor' },
      this.input,
      element(
        'div',
        { class: 'editor-foot' },
        element('span', { class: 'editor-hint' }, l10n.t('Sends the message again in a new branch. The current branch is kept.')),
        element(
          'span',
          { class: 'buttons' },
          textButton(l10n.t('Cancel'), () => this.cancel()),
          textButton(l10n.t('Resend'), () => this.ask(), 'primary'),
        ),
      ),
    );
  }

  focus(): void {
    this.grow();
    this.input.focus({ preventScroll: true });
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
  }

  private ask(): void {
    const text = this.input.value.trim();
    if (text !== '') this.send(text);
  }

  private pressed(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) this.ask();
    else if (event.key === 'Escape') this.cancel();
    else return;
    event.preventDefault();
    // Escape would also stop a response.
    event.stopPropagation();
  }

  private grow(): void {
    this.input.style.height = 'auto';
    this.input.style.height = `${Math.min(this.input.scrollHeight + 2, 320)}px`;
  }
}
