// Commands for MCP servers: list, approve, start, stop, and sign in.
import { openAddress } from '../../infrastructure/addresses';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import { showInformationMessage, showQuickPick, showWarningMessage, withProgress } from '../../infrastructure/window';
import { mcpApprove, mcpList, mcpRevoke, mcpSignIn, mcpStart, mcpStop } from '../../protocol/protocol.generated';
import type { McpListResult, McpServerView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { commands } from './commands';
import { importServers } from './importServers';
import { ServerReports } from './reports';
import { detailsOf, stateOf } from './words';

/** Maximum length of a dialog's text; longer text is shown in an editor first. */
const maxDialogCharacters = 1200;
const maxDialogLines = 20;

type Action = 'approve' | 'start' | 'restart' | 'signIn' | 'stop' | 'revoke' | 'show' | 'open';

/** @param userFolder VS Code's folder for user settings. */
export function activateServers(sidecar: Sidecar, log: vscode.LogOutputChannel, userFolder?: string): vscode.Disposable {
  const disposables = new Disposables();
  const reports = disposables.add(
    new ServerReports(async (name) => (await sidecar.request(mcpList, {})).servers.find((one) => one.name === name)),
  );
  disposables.add(
    vscode.commands.registerCommand(commands.servers, (name: unknown) =>
      runWithErrorHandling(log, () => manage(sidecar, reports, typeof name === 'string' ? name : undefined)),
    ),
  );
  disposables.add(
    vscode.commands.registerCommand(commands.importServers, () => runWithErrorHandling(log, () => importServers(sidecar, userFolder))),
  );
  return disposables;
}

async function manage(sidecar: Sidecar, reports: ServerReports, name: string | undefined): Promise<void> {
  const listed = await sidecar.request(mcpList, {});
  const server = listed.servers.find((one) => one.name === name) ?? (await pickServer(listed));
  const action = server === undefined ? undefined : await pickAction(server);
  if (server !== undefined && action !== undefined) await run(sidecar, reports, server, action);
}

async function pickServer({ servers, problems }: McpListResult): Promise<McpServerView | undefined> {
  const items = [
    ...servers.map((server) => ({
      label: server.name,
      description: stateOf(server),
      detail: server.error ?? server.command,
      server,
    })),
    ...problems.map((problem) => ({ label: '', icon: 'warning', description: problem, server: undefined })),
  ];
  if (items.length === 0) {
    void showInformationMessage(
      l10n.t('No MCP servers found. Add one to mcp.json5 in Plue’s data folder, or to .mcp.json in a trusted folder.'),
    );
    return undefined;
  }
  return (
    await showQuickPick(items, {
      title: l10n.t('MCP Servers'),
      placeHolder: l10n.t('Select a server'),
      matchOnDescription: true,
      // When the Command Palette closes, VS Code may return focus to a webview after this quick pick opened.
      ignoreFocusOut: true,
    })
  )?.server;
}

/** Actions for the current state, most likely first. */
export function actionsOf({ state, folder, fingerprint }: McpServerView): Action[] {
  const isRunning = state === 'running' || state === 'starting';
  return [
    ...(state === 'notApproved' ? (['approve'] as const) : []),
    ...(state === 'stopped' || (state === 'failed' && fingerprint !== '') ? (['start'] as const) : []),
    ...(state === 'signInNeeded' || (state === 'running' && folder === undefined) ? (['signIn'] as const) : []),
    ...(isRunning ? (['stop', 'restart'] as const) : []),
    ...(state !== 'notApproved' && fingerprint !== '' ? (['revoke'] as const) : []),
    'show',
    'open',
  ];
}

const labels = {
  approve: l10n.t('Approve…'),
  start: l10n.t('Start'),
  restart: l10n.t('Restart'),
  signIn: l10n.t('Sign In'),
  stop: l10n.t('Stop'),
  revoke: l10n.t('Revoke Approval'),
  show: l10n.t('Show Details and Tools'),
  open: l10n.t('Open Configuration File'),
} as const satisfies Record<Action, string>;

async function pickAction(server: McpServerView): Promise<Action | undefined> {
  const items = actionsOf(server).map((action) => ({ label: labels[action], action }));
  // When the previous quick pick closes, VS Code may return focus to a webview after this one opened.
  const options = { title: l10n.verbatim(`${server.name}: ${stateOf(server)}`), ignoreFocusOut: true };
  return (await showQuickPick(items, options))?.action;
}

async function run(sidecar: Sidecar, reports: ServerReports, server: McpServerView, action: Action): Promise<void> {
  const { name } = server;
  switch (action) {
    case 'approve':
      return approve(sidecar, reports, server);
    case 'restart':
      await sidecar.request(mcpStop, { name });
      return start(sidecar, name);
    case 'start':
      return start(sidecar, name);
    case 'signIn':
      return signIn(sidecar, name);
    case 'stop':
      await sidecar.request(mcpStop, { name });
      return;
    case 'revoke':
      await sidecar.request(mcpRevoke, { name });
      void showInformationMessage(l10n.t('Stopped {0} and revoked its approval.', name));
      return;
    case 'show':
      return reports.show(server);
    case 'open':
      await vscode.window.showTextDocument(vscode.Uri.file(server.source));
  }
}

/** The fingerprint belongs to the shown version. If the server changed, the sidecar rejects the approval. */
async function approve(sidecar: Sidecar, reports: ServerReports, server: McpServerView): Promise<void> {
  const details = detailsOf(server);
  const isLong = details.length > maxDialogCharacters || details.split('\n').length > maxDialogLines;
  if (isLong) await reports.show(server);
  const detail = isLong ? l10n.t('The editor behind this dialog shows all details.\n\nFingerprint: {0}', server.fingerprint) : details;
  const answer = await showWarningMessage(l10n.t('Start the MCP server {0}?', server.name), { modal: true, detail }, l10n.t('Approve'));
  if (answer !== l10n.t('Approve')) return;
  await sidecar.request(mcpApprove, { name: server.name, fingerprint: server.fingerprint });
  void showInformationMessage(l10n.t('Approved {0}. The server starts on first use.', server.name));
}

async function start(sidecar: Sidecar, name: string): Promise<void> {
  const { servers } = await withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Starting {0}…', name) }, () =>
    sidecar.request(mcpStart, { name }),
  );
  const server = servers.find((one) => one.name === name);
  if (server !== undefined) void showInformationMessage(l10n.verbatim(`${name}: ${stateOf(server)}.`));
}

async function signIn(sidecar: Sidecar, name: string): Promise<void> {
  // Tokens are stored in the vault. Unlocking reports its own errors.
  await vscode.commands.executeCommand('plue.unlockVault');
  const { url } = await sidecar.request(mcpSignIn, { name });
  if (url === undefined) void showInformationMessage(l10n.t('{0} does not support sign-in.', name));
  else await openAddress(url);
}
