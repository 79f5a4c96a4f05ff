// First start: context keys for the welcome view and the walkthrough.
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import { settingsGet } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { commands } from './commands';
import { isAnswer, isConnected, isReached } from './steps';

const walkthrough = 'plue.start';

export function activateStart(
  context: Pick<vscode.ExtensionContext, 'extension' | 'globalState'>,
  sidecar: Sidecar,
  providers: ProviderList,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  const setContext = (key: string, value: boolean): void => void vscode.commands.executeCommand('setContext', key, value);
  /** A completed step stays completed, even if its chat is deleted. */
  const remember = (key: string): void => {
    if (context.globalState.get<unknown>(key) === true) return;
    setContext(key, true);
    void context.globalState.update(key, true);
  };
  for (const key of ['plue.chats.isAnswered', 'plue.tasks.isDone'])
    if (context.globalState.get<unknown>(key) === true) setContext(key, true);

  disposables.add(sidecar.onDidChangeState(({ state }) => setContext('plue.sidecar.isDown', state === 'stopped')));
  disposables.add(providers.onDidChange(() => setContext('plue.providers.isConnected', isConnected(providers.default))));
  disposables.add(
    sidecar.onMessageEvent((params) => {
      if (isAnswer(params)) remember('plue.chats.isAnswered');
    }),
  );
  disposables.add(
    sidecar.onTaskEvent(({ task }) => {
      if (isReached(task)) remember('plue.tasks.isDone');
    }),
  );

  const register = (id: string, action: () => Promise<unknown>): void => {
    disposables.add(vscode.commands.registerCommand(id, () => runWithErrorHandling(log, action)));
  };
  register(commands.getStarted, () =>
    Promise.resolve(vscode.commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#${walkthrough}`, false)),
  );
  register(commands.openDataFolder, async () => {
    const { path } = await sidecar.request(settingsGet, {});
    const folder = vscode.Uri.file(dirname(path));
    // The folder is private and created when first needed.
    await mkdir(folder.fsPath, { recursive: true, mode: 0o700 });
    // With a remote connection or in a browser, there is no desktop to show the folder.
    const hasDesktop = vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop;
    if (hasDesktop) await vscode.commands.executeCommand('revealFileInOS', folder);
    else await vscode.commands.executeCommand('vscode.openFolder', folder, { forceNewWindow: true });
  });
  return disposables;
}
