// How many there are of a thing, in words that the host and the pages share.
import * as l10n from '@vscode/l10n';

export function modelsInWords(count: number): string {
  return count === 1 ? l10n.t('1 model') : l10n.t('{0} models', count);
}

export function chatsInWords(count: number): string {
  return count === 1 ? l10n.t('1 chat') : l10n.t('{0} chats', count);
}

export function tasksInWords(count: number): string {
  return count === 1 ? l10n.t('1 task') : l10n.t('{0} tasks', count);
}

export function messagesInWords(count: number): string {
  return count === 1 ? l10n.t('1 message') : l10n.t('{0} messages', count);
}

export function filesInWords(count: number): string {
  return count === 1 ? l10n.t('1 file') : l10n.t('{0} files', count);
}
