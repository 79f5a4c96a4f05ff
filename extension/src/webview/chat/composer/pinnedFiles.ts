// Pinned files of the chat. Their current content is sent with every message.
import * as l10n from '@vscode/l10n';
import type { AttachmentView } from '../../../protocol/protocol.generated';
import { element, icon, iconButton } from '../../shared/element';
import { formatTokens } from '../../../common/format';
import { visibleText } from '../../../common/visibleText';

export class PinnedFiles {
  readonly node = element('div', { class: 'pinned-files', role: 'group', 'aria-label': l10n.t('Pinned files'), hidden: true });
  private files: readonly AttachmentView[] = [];
  private isReadOnly = false;

  /** @param onChange Replaces the list. */
  constructor(private readonly onChange: (paths: string[]) => void) {}

  get paths(): string[] {
    return this.files.map(({ path }) => path);
  }

  show(files: readonly AttachmentView[], isReadOnly = this.isReadOnly): void {
    const hadFocus = this.node.contains(document.activeElement);
    this.files = files;
    this.isReadOnly = isReadOnly;
    this.node.hidden = files.length === 0;
    this.node.replaceChildren(
      element('span', { class: 'pinned-title' }, icon('pinned'), l10n.t('Sent with every message')),
      ...files.map((file) => this.chip(file)),
    );
    if (hadFocus) this.node.querySelector('button')?.focus();
  }

  /** Files can arrive before it is known whether the chat is writable. */
  allowChanges(isAllowed: boolean): void {
    if (this.isReadOnly === isAllowed) this.show(this.files, !isAllowed);
  }

  pin(path: string): void {
    if (!this.paths.includes(path)) this.onChange([...this.paths, path]);
  }

  private chip(file: AttachmentView): HTMLElement {
    const { path, name, tokens, problem } = file;
    const remove = iconButton('close', l10n.t('Unpin {0}', name), () => this.onChange(this.paths.filter((one) => one !== path)));
    const detail = problem ?? (tokens === undefined ? '' : l10n.t('{0} tokens', formatTokens(tokens)));
    return element(
      'div',
      { class: `context-chip${problem === undefined ? '' : ' wide'}`, title: visibleText(path) },
      element(
        'span',
        { class: 'chip-head' },
        icon(problem === undefined ? 'file' : 'error'),
        element('span', { class: 'chip-name' }, visibleText(name)),
        element('span', { class: problem === undefined ? 'chip-detail' : 'chip-problem' }, visibleText(detail)),
      ),
      ...(this.isReadOnly ? [] : [element('span', { class: 'chip-buttons' }, remove)]),
    );
  }
}
