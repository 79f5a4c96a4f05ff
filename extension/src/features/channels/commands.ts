import * as vscode from 'vscode';
import { UserCancelledError } from '../../infrastructure/errors';
import type { CodexSummary } from '../../protocol/protocol.generated';
import { codexDelete, codexUpdate } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

export const commands = {
  open: 'plue.channels.open',
  rename: 'plue.channels.rename',
  archive: 'plue.channels.archive',
  unarchive: 'plue.channels.unarchive',
  delete: 'plue.channels.delete',
  refresh: 'plue.channels.refresh',
} as const;

export async function renameChat(sidecar: Sidecar, codex: CodexSummary): Promise<void> {
  const title = await vscode.window.showInputBox({
    title: 'Rename Chat',
    value: codex.title,
    validateInput: (value) => (value.trim() === '' ? 'A chat needs a name.' : undefined),
  });
  if (title === undefined || title.trim() === codex.title) throw new UserCancelledError();
  await sidecar.request(codexUpdate, { uri: codex.uri, title: title.trim() });
}

export async function archiveChat(sidecar: Sidecar, codex: CodexSummary, archived: boolean): Promise<void> {
  await sidecar.request(codexUpdate, { uri: codex.uri, archived });
}

export async function deleteChat(sidecar: Sidecar, codex: CodexSummary): Promise<void> {
  const detail =
    codex.messageCount === 1
      ? 'Its one message is deleted from this machine.'
      : `Its ${codex.messageCount} messages are deleted from this machine.`;
  const answer = await vscode.window.showWarningMessage(
    `Delete “${codex.title}”?`,
    { modal: true, detail: `${detail} This cannot be undone.` },
    'Delete',
  );
  if (answer !== 'Delete') throw new UserCancelledError();
  await sidecar.request(codexDelete, { uri: codex.uri });
}
