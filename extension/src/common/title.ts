// The title of a chat or task as it is displayed: with its hidden characters visible, or a default if it is empty.
import * as l10n from '@vscode/l10n';
import { visibleText } from './visibleText';

export function displayTitle(title: string, kind: 'chat' | 'task' = 'chat'): string {
  if (title.trim() !== '') return visibleText(title);
  return kind === 'task' ? l10n.t('New task') : l10n.t('New chat');
}
