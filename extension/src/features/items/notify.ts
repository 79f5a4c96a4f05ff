// Shows notifications of template hooks.
import type * as vscode from 'vscode';
import { toFailureError } from '../../infrastructure/errors';
import * as l10n from '../../infrastructure/localizedText';
import type { Log } from '../../infrastructure/logging';
import { showErrorMessage, showInformationMessage, showWarningMessage } from '../../infrastructure/window';
import { truncate } from '../../common/truncate';
import type { HostNotifyParams } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

const maxCharacters = 300;
const messages = { info: showInformationMessage, warning: showWarningMessage, error: showErrorMessage } as const;

/** @param open Shows the codex that the notification is about. */
export function showNotifications(sidecar: Sidecar, log: Log, open: (uri: string) => Promise<void>): vscode.Disposable {
  return sidecar.onNotify((params) => {
    show(params, open).catch((error: unknown) =>
      log.warn(`${params.uri ?? 'A codex'} could not be opened: ${toFailureError(error).message}`),
    );
  });
}

async function show({ message, level, uri }: HostNotifyParams, open: (uri: string) => Promise<void>): Promise<void> {
  const text = truncate(message, maxCharacters);
  const openButton = l10n.t('Open');
  const chosen = await messages[level](l10n.verbatim(text), ...(uri === undefined ? [] : [openButton]));
  if (chosen === openButton && uri !== undefined) await open(uri);
}
