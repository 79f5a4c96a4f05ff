// A message above the composer with an Undo button for a limited time.
import * as l10n from '@vscode/l10n';
import { element, textButton } from '../shared/element';

export class Toast {
  readonly node = element('div', { class: 'toast', role: 'group', 'aria-label': l10n.t('Done'), hidden: true });
  private closing: ReturnType<typeof setTimeout> | undefined;

  /** @param forMs How long Undo is available, in milliseconds. */
  show(words: string, undo: () => void, forMs: number): void {
    this.node.replaceChildren(
      element('span', {}, words),
      textButton(
        l10n.t('Undo'),
        () => {
          this.hide();
          undo();
        },
        'quiet',
      ),
    );
    this.node.hidden = false;
    clearTimeout(this.closing);
    this.closing = setTimeout(() => this.hide(), forMs);
  }

  hide(): void {
    clearTimeout(this.closing);
    this.node.hidden = true;
  }
}
