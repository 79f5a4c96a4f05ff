// Counted nouns in the user's language.
import * as l10n from '@vscode/l10n';

export function formatModelCount(count: number): string {
  return count === 1 ? l10n.t('1 model') : l10n.t('{0} models', count);
}

export function formatChatCount(count: number): string {
  return count === 1 ? l10n.t('1 chat') : l10n.t('{0} chats', count);
}

export function formatTaskCount(count: number): string {
  return count === 1 ? l10n.t('1 task') : l10n.t('{0} tasks', count);
}

export function formatMessageCount(count: number): string {
  return count === 1 ? l10n.t('1 message') : l10n.t('{0} messages', count);
}

export function formatWarningCount(count: number): string {
  return count === 1 ? l10n.t('1 warning') : l10n.t('{0} warnings', count);
}

export function formatFileCount(count: number): string {
  return count === 1 ? l10n.t('1 file') : l10n.t('{0} files', count);
}
