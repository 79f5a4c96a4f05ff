// Above the composer: the files that the chat or task and its subtasks changed, while the user has not decided about all of them.
import * as l10n from '@vscode/l10n';
import type { ChangedFileView } from '../../../protocol/protocol.generated';
import { element, icon } from '../../shared/element';
import { Section } from '../../shared/section';
import { changedFile, editButton, type RunEdit, sizeOf } from '../messages/changedFile';

export class ChangesBar {
  private readonly section = new Section('section', { class: 'changes-bar', 'aria-label': l10n.t('Changed files'), hidden: true });
  readonly node = this.section.node;
  private isOpen = false;
  private files: readonly ChangedFileView[] = [];

  /** @param left The bar went while it had the focus. */
  constructor(
    private readonly run: RunEdit,
    private readonly left: () => void,
  ) {}

  show(files: readonly ChangedFileView[]): void {
    const hadFocus = this.node.contains(document.activeElement);
    this.files = files;
    this.node.hidden = files.length === 0;
    this.section.show([files, this.isOpen], () => (files.length === 0 ? [] : [this.line(), this.isOpen ? this.list() : undefined]));
    if (hadFocus && files.length === 0) this.left();
  }

  private line(): HTMLElement {
    const { files, isOpen, run } = this;
    const toggle = element(
      'button',
      { type: 'button', class: 'changes-toggle', 'aria-expanded': String(isOpen), 'data-key': 'changes-toggle' },
      icon(isOpen ? 'chevron-down' : 'chevron-right'),
      files.length === 1 ? l10n.t('1 file changed') : l10n.t('{0} files changed', files.length),
    );
    toggle.addEventListener('click', () => {
      this.isOpen = !this.isOpen;
      this.show(this.files);
    });
    const sum = (count: (file: ChangedFileView) => number): number => files.reduce((total, file) => total + count(file), 0);
    return element(
      'div',
      { class: 'changes-line' },
      toggle,
      sizeOf({ added: sum(({ added }) => added), removed: sum(({ removed }) => removed) }),
      element(
        'span',
        { class: 'change-actions' },
        editButton('plue.reviewChanges', l10n.t('Review'), l10n.t('Review all changes'), run),
        editButton('plue.acceptChange', l10n.t('Keep'), l10n.t('Keep all changes'), run),
        editButton('plue.rejectChange', l10n.t('Undo'), l10n.t('Undo all changes'), run),
      ),
    );
  }

  private list(): HTMLElement {
    return element(
      'ul',
      { class: 'changes-list' },
      ...this.files.map((file) => element('li', {}, changedFile(file, { isPending: true, showsPath: true }, this.run))),
    );
  }
}
