import * as l10n from './localizedText';
import type { LocalizedText } from './localizedText';
import * as vscode from 'vscode';
import type { Log } from './logging';
import { showErrorMessage, showWarningMessage } from './window';

/** A failure with a stable kind (a FailureKind in camelCase, or `sidecarStopped`) and a message for the user. */
export class FailureError extends Error {
  override readonly name = 'FailureError';

  constructor(
    readonly kind: string,
    message: string,
    readonly retryAfterMs?: number,
  ) {
    super(message);
  }
}

/** Canceled by the user; never shown. */
export class UserCancelledError extends Error {
  override readonly name = 'UserCancelledError';

  constructor() {
    super('Cancelled.');
  }
}

/** A button and its command. */
export interface HelpButton {
  title: LocalizedText;
  command: string;
  args?: unknown[];
}

const showLog: HelpButton = { title: l10n.t('Show Log'), command: 'plue.showLog' };
const setKey: HelpButton = { title: l10n.t('Set Key…'), command: 'plue.configureProviderKey' };
const manage: HelpButton = { title: l10n.t('Manage Providers'), command: 'plue.manageProviders' };
const restart: HelpButton = { title: l10n.t('Restart'), command: 'plue.restartServer' };
const downloadDotnet: HelpButton = {
  title: l10n.t('Open Download Page'),
  command: 'vscode.open',
  args: [vscode.Uri.parse('https://dot.net/download')],
};

/** Returns the buttons for a kind of failure. */
export function helpFor(kind: string): HelpButton[] {
  switch (kind) {
    case 'providerAuthFailed':
      return [setKey];
    case 'keyNotBoundToOrigin':
      return [{ title: l10n.t('Allow This Address…'), command: 'plue.allowKey' }, setKey];
    case 'vaultLocked':
    case 'vaultOlder':
      return [{ title: l10n.t('Unlock Vault'), command: 'plue.unlockVault' }];
    case 'providerDisabled':
    case 'modelNotFound':
    case 'unreachable':
      return [manage];
    case 'providerExecutableFailed':
      return [{ title: l10n.t('Check Claude Code Sign-in'), command: 'plue.checkClaudeCodeAuth' }, showLog];
    case 'budgetExceeded':
      return [{ title: l10n.t('Change Budget…'), command: 'plue.openSettings' }];
    case 'sidecarStopped':
      return [showLog, restart];
    case 'sidecarDamaged':
      return [{ title: l10n.t('Show Extensions'), command: 'workbench.view.extensions' }, showLog];
    case 'runtimeMissing':
      return [
        {
          title: l10n.t('Install the Tool'),
          command: 'workbench.extensions.installExtension',
          args: ['ms-dotnettools.vscode-dotnet-runtime'],
        },
        downloadDotnet,
        restart,
      ];
    case 'runtimeNotAcquired':
      return [downloadDotnet, restart, showLog];
    case 'untrusted':
      return [{ title: l10n.t('Manage Workspace Trust'), command: 'workbench.trust.manage' }];
    // The request does not fit the current state; the log has no further details.
    case 'conflict':
      return [];
    default:
      return [showLog];
  }
}

export function toFailureError(error: unknown): FailureError {
  if (error instanceof FailureError) return error;
  return new FailureError('internal', error instanceof Error ? error.message : String(error));
}

/** Runs an action; shows a failure as a message with buttons and then resolves to undefined. */
export async function runWithErrorHandling<T>(log: Log, action: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof UserCancelledError) return undefined;
    const failure = toFailureError(error);
    log.error(`${failure.kind}: ${failure.message}`);
    if (failure.kind === 'internal' && error instanceof Error && error.stack !== undefined) log.debug(error.stack);
    void showFailure(failure);
    return undefined;
  }
}

/** Shows a message with buttons; resolves when the user selects one or closes it. */
export async function showFailure(failure: FailureError): Promise<void> {
  const buttons = helpFor(failure.kind);
  const titles = buttons.map((button) => button.title);
  const chosen =
    failure.kind === 'conflict'
      ? await showWarningMessage(l10n.verbatim(failure.message), ...titles)
      : await showErrorMessage(l10n.verbatim(failure.message), ...titles);
  const button = buttons.find((candidate) => candidate.title === chosen);
  if (button) await vscode.commands.executeCommand(button.command, ...(button.args ?? []));
}
