// What a chat or task is called where it has no title yet, and a title without what hides in it.
import * as l10n from '@vscode/l10n';
import { visibleText } from './visibleText';

export function titleWords(title: string, kind: 'chat' | 'task' = 'chat'): string {
  if (title.trim() !== '') return visibleText(title);
  return kind === 'task' ? l10n.t('New task') : l10n.t('New chat');
}
