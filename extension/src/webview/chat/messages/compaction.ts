// Shows where earlier messages were summarized for the model. The originals stay above.
import * as l10n from '@vscode/l10n';
import type { CompactionView } from '../../../protocol/protocol.generated';
import { element } from '../../shared/element';
import { formatTokens } from '../../../common/format';
import type { CodeActions } from './codeBlock';
import { Fold } from './fold';
import { MarkdownView } from './markdownView';

export class CompactionLine {
  readonly node: HTMLElement;
  private readonly words = element('span');
  private readonly fold: Fold;
  private text = '';

  constructor(id: string, actions: CodeActions) {
    const markdown = new MarkdownView(actions);
    this.fold = new Fold(id, (body) => {
      if (body.firstChild === null) body.append(markdown.node);
      markdown.update(this.text, true);
    });
    this.fold.describe(l10n.t('Summary'));
    this.node = element('div', { class: 'compaction' }, element('div', { class: 'compaction-text' }, this.words), this.fold.node);
  }

  update(compaction: CompactionView, text: string): void {
    this.text = text;
    this.words.textContent = compactionText(compaction);
    this.fold.refresh();
  }
}

/** Returns "84k tokens of earlier messages summarized to 6k. The original stays above." */
export function compactionText({ tokensBefore, tokensAfter }: CompactionView): string {
  return l10n.t(
    'Summarized {0} tokens of earlier messages to {1}. The originals stay above.',
    formatTokens(tokensBefore),
    formatTokens(tokensAfter),
  );
}
