import { homedir } from 'node:os';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { showInformationMessage, showWarningMessage, withProgress } from '../../infrastructure/window';
import { providerCheckClaudeCode } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

/** Shows whether Claude Code is signed in and which program was used. */
export async function checkClaudeCodeAuth(sidecar: Sidecar, log: vscode.LogOutputChannel): Promise<void> {
  const check = await withProgress({ location: vscode.ProgressLocation.Window, title: l10n.t('Checking Claude Code…') }, () =>
    sidecar.request(providerCheckClaudeCode, {}),
  );
  log.info(`Claude Code sign-in: ${check.message}`);
  for (const place of check.checks) log.info(`  ${place}`);

  const isShown = check.cliPath === undefined || check.message.includes(check.cliPath);
  const used = isShown ? '' : ` (${[check.cliPath, check.version].filter((part) => part !== undefined).join(', ')})`;
  const message = l10n.verbatim(`${check.message}${used}`);
  const signIn = l10n.t('Open Terminal to Sign In');
  const chosen = check.signedIn
    ? await showInformationMessage(message, l10n.t('Details'))
    : await showWarningMessage(message, ...(check.cliPath === undefined ? [] : [signIn]), l10n.t('Details'));
  if (chosen === l10n.t('Details')) log.show();
  if (chosen === signIn) openSignIn(check.cliPath);
}

/** Runs in the user's home, because signing in does not depend on the open folder. */
function openSignIn(cliPath: string | undefined): void {
  const terminal = vscode.window.createTerminal({ name: l10n.t('Claude Code sign-in'), cwd: homedir() });
  terminal.show();
  terminal.sendText(signInCommand(cliPath, process.platform));
}

/** Returns the sign-in command for the operating system's default shell. */
export function signInCommand(cliPath: string | undefined, platform: string): string {
  if (cliPath === undefined) return 'claude auth login';
  if (platform === 'win32') return `& '${cliPath.replaceAll("'", "''")}' auth login`;
  return /^[\w./-]+$/.test(cliPath) ? `${cliPath} auth login` : `'${cliPath.replaceAll("'", `'\\''`)}' auth login`;
}
