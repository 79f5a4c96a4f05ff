// A file that an agent changed, with its actions.
import * as l10n from '@vscode/l10n';
import type { ChangedFileView } from '../../../protocol/protocol.generated';
import type { EditCommand } from '../../../common/messages/chatAgents';
import { visibleText } from '../../../common/visibleText';
import { element, textButton } from '../../shared/element';

/** Without a path, applies to all files that the chat or task changed. */
export type RunEdit = (command: EditCommand, path?: string) => void;

export interface ChangedFileState {
  /** True if the user has neither kept nor undone the change. */
  isPending: boolean;
  /** False if the line shows the file's name elsewhere. */
  showsPath: boolean;
}

export function changedFile(
  { path, added, removed }: ChangedFileView,
  { isPending, showsPath }: ChangedFileState,
  run: RunEdit,
): HTMLElement {
  const shown = visibleText(path);
  return element(
    'div',
    { class: 'changed-file' },
    showsPath ? element('span', { class: 'change-path' }, shown) : undefined,
    sizeOf({ added, removed }),
    isPending
      ? element(
          'span',
          { class: 'change-actions' },
          editButton('plue.reviewChanges', l10n.t('Review'), l10n.t('Review {0}', shown), run, path),
          editButton('plue.acceptChange', l10n.t('Keep'), l10n.t('Keep {0}', shown), run, path),
          editButton('plue.rejectChange', l10n.t('Undo'), l10n.t('Undo {0}', shown), run, path),
        )
      : element('span', { class: 'quiet' }, l10n.t('reviewed')),
  );
}

/** @param name Label for screen readers. */
export function editButton(command: EditCommand, label: string, name: string, run: RunEdit, path?: string): HTMLElement {
  const button = textButton(label, () => run(command, path), 'quiet');
  button.setAttribute('aria-label', name);
  button.dataset['key'] = `${command} ${path ?? ''}`;
  return button;
}

/** Returns "+6 −2", with text for screen readers. */
export function sizeOf({ added, removed }: Pick<ChangedFileView, 'added' | 'removed'>): HTMLElement {
  return element(
    'span',
    { class: 'change-size', role: 'img', 'aria-label': l10n.t('{0} lines added, {1} removed', added, removed) },
    element('span', { class: 'added' }, `+${added}`),
    ' ',
    element('span', { class: 'removed' }, `−${removed}`),
  );
}
