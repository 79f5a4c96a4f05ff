// Returns the display title of a chat or task: hidden characters are made visible, and an empty title gets a default.
import * as l10n from '@vscode/l10n';
import { visibleText } from './visibleText';

export function displayTitle(title: string, kind: 'chat' | 'task' = 'chat'): string {
  if (title.trim() !== '') return visibleText(title);
  return kind === 'task' ? l10n.t('New task') : l10n.t('New chat');
}
