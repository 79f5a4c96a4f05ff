// Shows requirements and their status, with an action next to each problem.
import * as l10n from '../../infrastructure/localizedText';
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling, toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, withProgress } from '../../infrastructure/window';
import { healthCheck } from '../../protocol/protocol.generated';
import type { HealthCheckResult } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { commands } from './commands';
import { HealthDocument } from './healthDocument';
import { rowOf, withTilde, type HealthReport, type HealthRow } from './report';

/** Delay before progress is shown. */
const progressDelayMs = 1000;

export function activateHealth(
  context: Pick<vscode.ExtensionContext, 'extension'>,
  sidecar: Sidecar,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  const shown = disposables.add(new HealthDocument(() => look(sidecar, editorRow(context.extension), false)));
  const register = (id: string, action: () => Promise<unknown>): void => {
    disposables.add(vscode.commands.registerCommand(id, () => runWithErrorHandling(log, action)));
  };
  const check = async (online: boolean): Promise<void> => shown.show(await look(sidecar, editorRow(context.extension), online));
  register(commands.checkHealth, () => check(false));
  register(commands.checkHealthOnline, () => check(true));
  register(commands.copyHealth, async () => {
    await vscode.env.clipboard.writeText(await shown.provideTextDocumentContent());
    void showInformationMessage(l10n.t('Copied the report. It contains no keys, and your home folder is written as ~.'));
  });
  return disposables;
}

async function look(sidecar: Sidecar, editor: HealthRow, online: boolean): Promise<HealthReport> {
  try {
    const { healthy, version, rows } = await askWithProgress((token) => sidecar.request(healthCheck, { online }, token));
    return { isHealthy: healthy, version, rows: [editor, ...rows.map(rowOf)] };
  } catch (error) {
    if (error instanceof UserCancelledError) throw error;
    // Without the sidecar, nothing else can be checked.
    return { isHealthy: false, version: undefined, rows: [editor, downRow(causeOf(sidecar, error))] };
  }
}

/** Returns why the sidecar is not running, or why the request failed. */
function causeOf({ state }: Pick<Sidecar, 'state'>, error: unknown): string {
  const cause = state.state === 'stopped' ? state.cause : toFailureError(error).message;
  return withTilde(cause, homedir());
}

async function askWithProgress(ask: (token: vscode.CancellationToken) => Promise<HealthCheckResult>): Promise<HealthCheckResult> {
  const source = new vscode.CancellationTokenSource();
  try {
    const asked = ask(source.token);
    const isLate = await Promise.race([
      asked.then(
        () => false,
        () => false,
      ),
      new Promise<true>((resolve) => setTimeout(() => resolve(true), progressDelayMs)),
    ]);
    if (!isLate) return await asked;
    const options = { location: vscode.ProgressLocation.Notification, title: l10n.t('Checking requirements…'), cancellable: true };
    return await withProgress(options, (_, token) => {
      token.onCancellationRequested(() => source.cancel());
      return asked;
    });
  } finally {
    source.dispose();
  }
}

/** Facts that only the extension host knows. */
function editorRow(extension: vscode.Extension<unknown>): HealthRow {
  const manifest: unknown = extension.packageJSON;
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '?';
  const { appName, remoteName, uiKind } = vscode.env;
  // A VS Code server is identified by its address, which is private.
  const isAddress = /[.:]/.test(remoteName ?? '');
  const remote = isAddress ? l10n.t('remote') : l10n.t('remote ({0})', remoteName ?? '');
  const where = remoteName === undefined ? l10n.t('on this machine') : remote;
  const how = uiKind === vscode.UIKind.Web ? l10n.t('in a browser') : l10n.t('as a process');
  return {
    name: 'VS Code',
    state: 'ok',
    message: l10n.t('{0} {1}, {2}, {3}, with Plue {4}.', appName, vscode.version, where, how, version),
    fixes: [],
  };
}

function downRow(message: string): HealthRow {
  return {
    name: l10n.t('Sidecar'),
    state: 'failed',
    message: message,
    advice: l10n.t('Your chats are safe on disk. Check the log for the cause.'),
    fixes: [
      { title: l10n.t('Restart'), command: 'plue.restartServer', arguments: [] },
      { title: l10n.t('Show Log'), command: 'plue.showLog', arguments: [] },
    ],
  };
}
