import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import { showWarningMessage } from '../../infrastructure/window';
import type { Sidecar } from '../../server/client';
import { Activity } from './activity';
import { commands } from './commands';
import { CompletionProvider } from './completionProvider';
import { CompletionStatus } from './completionStatus';
import { showMenu } from './menu';
import { chooseModel } from './modelPicker';
import { modelText, readSettings, section, writeSetting } from './settings';

/** Shows code completions as ghost text. Registers nothing with VS Code while they are off. */
export function activateCompletions(sidecar: Sidecar, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  let settings = readSettings();
  const activity = disposables.add(new Activity());
  const status = disposables.add(new CompletionStatus(activity, () => settings));
  const provider = new CompletionProvider(
    sidecar,
    activity,
    () => settings,
    ({ kind, message }) => log.warn(`The code was not completed: ${kind}: ${message}`),
  );
  let registration: vscode.Disposable | undefined;
  disposables.add({ dispose: () => void registration?.dispose() });
  const register = (): void => {
    if (settings.isEnabled) registration ??= vscode.languages.registerInlineCompletionItemProvider({ pattern: '**' }, provider);
    else registration = void registration?.dispose();
  };
  register();
  disposables.add(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (!change.affectsConfiguration(section)) return;
      const { isEnabled } = settings;
      settings = readSettings();
      provider.clear();
      if (activity.state === 'failed' || settings.isEnabled !== isEnabled) activity.resume();
      register();
      status.draw();
    }),
  );
  disposables.add(vscode.workspace.onDidGrantWorkspaceTrust(() => status.draw()));
  // A new key or a changed provider may fix the failure.
  disposables.add(sidecar.onProviderChanged(() => (activity.state === 'failed' ? activity.resume() : undefined)));

  const enable = async (): Promise<void> => {
    await writeSetting('enabled', true);
    if (vscode.workspace.getConfiguration('editor').get('inlineSuggest.enabled') === false) {
      await showWarningMessage(l10n.t('Code completions are not visible because the setting editor.inlineSuggest.enabled is off.'));
    }
  };
  const choose = async (): Promise<void> => {
    const model = await chooseModel(sidecar, settings);
    if (model === undefined) return;
    await writeSetting('model', modelText(model));
    return enable();
  };
  const toggle = async (): Promise<void> => {
    if (settings.isEnabled) return writeSetting('enabled', false);
    await (settings.model === undefined ? choose() : enable());
  };
  const handle = (id: string, action: () => Promise<unknown>): void => {
    disposables.add(vscode.commands.registerCommand(id, () => runWithErrorHandling(log, action)));
  };
  handle(commands.chooseModel, choose);
  handle(commands.toggle, toggle);
  handle(commands.menu, () => showMenu(activity, settings));
  return disposables;
}
