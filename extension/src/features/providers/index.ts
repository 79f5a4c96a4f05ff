import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { checkClaudeCodeAuth } from './claudeCode';
import { commands } from './commands';
import { manageProviders } from './manageProviders';

const greetedKey = 'plue.greeted.v1';

export function activateProviders(
  context: vscode.ExtensionContext,
  sidecar: Sidecar,
  providers: ProviderList,
  log: vscode.LogOutputChannel,
  opensChat: boolean,
): vscode.Disposable {
  const disposables = new Disposables();
  const register = (id: string, action: () => Promise<void>): void => {
    disposables.add(vscode.commands.registerCommand(id, () => runWithErrorHandling(log, action)));
  };
  register(commands.manageProviders, () => manageProviders(sidecar, providers));
  register(commands.checkClaudeCodeAuth, () => checkClaudeCodeAuth(sidecar, log));

  const status = disposables.add(vscode.window.createStatusBarItem('plue.provider', vscode.StatusBarAlignment.Right, 50));
  status.name = 'Plue provider';
  status.command = commands.manageProviders;
  const draw = (): void => {
    const name = providers.default?.name;
    status.text = name === undefined ? 'Plue: connect' : `Plue: ${name}`;
    status.tooltip = name === undefined ? 'Choose what answers in new chats' : `New chats are answered by ${name}`;
    status.show();
  };
  disposables.add(providers.onDidChange(draw));
  disposables.add(
    providers.onDidDiscover(({ sentence, tried }) => {
      log.info(sentence);
      for (const place of tried) log.info(`  ${place}`);
    }),
  );
  draw();

  disposables.add(
    sidecar.onDidStart(() => {
      greetOrRefresh(context.globalState, providers, opensChat).catch((error: unknown) =>
        log.warn(`The providers could not be listed: ${error instanceof Error ? error.message : 'unknown error'}`),
      );
    }),
  );
  return disposables;
}

/** At the first start ever, looks for something to chat with and says what it is. */
async function greetOrRefresh(memory: vscode.Memento, providers: ProviderList, opensChat: boolean): Promise<void> {
  if (memory.get<unknown>(greetedKey) === true) {
    await providers.refresh();
    return;
  }
  const { sentence } = await providers.discover();
  await memory.update(greetedKey, true);
  // An open chat says itself who answers; a toast would only lie over its composer.
  if (opensChat || isChatOpen()) return;
  const chosen = await vscode.window.showInformationMessage(sentence, 'New Chat', 'Manage Providers');
  if (chosen === 'New Chat') await vscode.commands.executeCommand('plue.newChat');
  if (chosen === 'Manage Providers') await vscode.commands.executeCommand(commands.manageProviders);
}

function isChatOpen(): boolean {
  return vscode.window.tabGroups.all.some(({ activeTab }) => {
    const input = activeTab?.input;
    return input instanceof vscode.TabInputWebview && input.viewType.endsWith('plue.chat');
  });
}
