// What a template's hook wants the user to know.
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { toFailureError } from '../../infrastructure/errors';
import type { Log } from '../../infrastructure/logging';
import type { HostNotifyParams } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

const mostCharacters = 300;

/** @param open Shows the codex that it is about. */
export function showNotifications(sidecar: Sidecar, log: Log, open: (uri: string) => Promise<void>): vscode.Disposable {
  return sidecar.onNotify((params) => {
    show(params, open).catch((error: unknown) =>
      log.warn(`${params.uri ?? 'A codex'} could not be opened: ${toFailureError(error).message}`),
    );
  });
}

async function show({ message, level, uri }: HostNotifyParams, open: (uri: string) => Promise<void>): Promise<void> {
  const words = plainWords(message);
  const buttons = uri === undefined ? [] : [l10n.t('Open')];
  const { showInformationMessage, showWarningMessage, showErrorMessage } = vscode.window;
  const ask = { info: showInformationMessage, warning: showWarningMessage, error: showErrorMessage }[level];
  if ((await ask(words, ...buttons)) === l10n.t('Open') && uri !== undefined) await open(uri);
}

/** A template may put in what a model wrote. VS Code makes links of `[words](address)`, and of `command:` addresses too: here they are words. */
export function plainWords(message: string): string {
  const words = message
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .replace(/\]\s*\(/g, '] – (')
    .trim();
  return words.length > mostCharacters ? `${words.slice(0, mostCharacters)}…` : words;
}
