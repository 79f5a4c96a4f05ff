import * as l10n from '@vscode/l10n';
import { element } from '../../shared/element';
import { formatDuration } from '../../../common/format';
import { Fold } from './fold';
import { MarkdownView } from './markdownView';
import type { CodeActions } from './codeBlock';

/** Reasoning of the model, collapsed to one line. */
export class Reasoning {
  readonly node: HTMLElement;
  private readonly fold: Fold;
  private readonly markdown: MarkdownView;
  private content = '';
  private isWhole = false;

  constructor(id: string, actions: CodeActions) {
    this.markdown = new MarkdownView(actions);
    this.fold = new Fold(id, (body) => {
      if (body.firstChild === null) body.append(element('div', { class: 'reasoning-text' }, this.markdown.node));
      this.markdown.update(this.content, this.isWhole);
    });
    this.fold.node.classList.add('reasoning');
    this.node = this.fold.node;
  }

  /** @param durationMs Undefined if the webview did not measure it. */
  update(content: string, isThinking: boolean, durationMs: number | undefined): void {
    this.content = content;
    this.isWhole = !isThinking;
    this.fold.describe(
      isThinking
        ? l10n.t('Thinking…')
        : durationMs === undefined
          ? l10n.t('Thought')
          : l10n.t('Thought for {0}', formatDuration(durationMs)),
    );
    this.fold.refresh();
  }
}
