// Imports MCP servers from configuration files of other programs.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showQuickPick, showWarningMessage, type QuickPickItem } from '../../infrastructure/window';
import { mcpImport, mcpImportable } from '../../protocol/protocol.generated';
import type { McpImportFileView, McpImportServerView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { commands } from './commands';

interface Row extends QuickPickItem {
  choice?: { path: string; server: McpImportServerView };
}

/** @param userFolder VS Code's folder for user settings. */
export async function importServers(sidecar: Pick<Sidecar, 'request'>, userFolder: string | undefined): Promise<void> {
  const known = userFolder === undefined ? {} : { userFolder };
  const { files } = await sidecar.request(mcpImportable, known);
  const rows = rowsOf(files);
  if (rows.length === 0) {
    void showInformationMessage(l10n.t('No MCP servers of VS Code, Claude Code, Claude Desktop, Cursor, Zed, or Codex CLI were found.'));
    return;
  }
  const selected = await showQuickPick(rows, {
    title: l10n.t('Import MCP Servers'),
    placeHolder: l10n.t('Select the servers to add to Plue. Each starts only after you approve it.'),
    canPickMany: true,
    matchOnDescription: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  const choices = (selected ?? []).flatMap(({ choice }) => (choice === undefined ? [] : [choice]));
  if (choices.length === 0) return;
  const storeKeys = await askForKeys(choices.map(({ server }) => server));
  const { imported, notes } = await sidecar.request(mcpImport, {
    servers: choices.map(({ path, server }) => ({ path, key: server.key })),
    storeKeys,
    ...known,
  });
  for (const note of notes) void showWarningMessage(l10n.verbatim(note));
  const manage = l10n.t('Manage MCP Servers');
  const message =
    imported.length === 1
      ? l10n.t('Imported 1 MCP server. Approve it before its first use.')
      : l10n.t('Imported {0} MCP servers. Approve each before its first use.', imported.length);
  const undo = l10n.t('Undo Import');
  const answer = await showInformationMessage(message, manage, ...(imported.length === 0 ? [] : [undo]));
  if (answer === manage) await vscode.commands.executeCommand(commands.servers);
  else if (answer === undo) await vscode.commands.executeCommand('plue.undoSwitch');
}

/** Grouped by file. Servers that cannot be imported or already exist are listed with the reason and cannot be selected. */
export function rowsOf(files: readonly McpImportFileView[]): Row[] {
  return files.flatMap(({ program, path, servers, problem }) => [
    { label: `${program}: ${path}`, kind: vscode.QuickPickItemKind.Separator },
    ...(problem === undefined ? [] : [{ label: path, icon: 'warning', description: problem }]),
    ...servers.map((server): Row => {
      if (server.problem !== undefined || server.isPresent)
        return {
          label: server.name,
          icon: server.isPresent ? 'check' : 'circle-slash',
          description: server.isPresent ? l10n.t('already in Plue') : l10n.t('cannot be imported'),
          detail: server.problem ?? server.command,
        };
      return {
        label: server.name,
        description: server.keys.length === 0 ? program : l10n.t('{0}, with keys: {1}', program, server.keys.join(', ')),
        detail: server.command,
        choice: { path, server },
      };
    }),
  ]);
}

/** Resolves to true if their keys are stored in the vault, which is then unlocked. */
async function askForKeys(servers: readonly McpImportServerView[]): Promise<boolean> {
  const withKeys = servers.filter(({ keys }) => keys.length > 0);
  if (withKeys.length === 0) return false;
  const store = l10n.t('Store Keys in Vault');
  const without = l10n.t('Import Without Keys');
  const answer = await showWarningMessage(
    l10n.t('Store the keys of these servers in the vault?'),
    {
      modal: true,
      detail: [
        ...withKeys.map(({ name, keys }) => `${name}: ${keys.join(', ')}`),
        '',
        l10n.t(
          'Each key is stored for its server only. Plue never writes keys to its files. The files of the other programs stay as they are.',
        ),
      ].join('\n'),
    },
    store,
    without,
  );
  if (answer === undefined) throw new UserCancelledError();
  // Unlocking reports its own errors.
  if (answer === store) await vscode.commands.executeCommand('plue.unlockVault');
  return answer === store;
}
