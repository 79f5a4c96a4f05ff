import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling, toFailureError } from '../../infrastructure/errors';
import { SinglePage } from '../../infrastructure/singlePage';
import { providerModels, settingsGet, settingsSet } from '../../protocol/protocol.generated';
import type { SettingsResult } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { type FromSettingsPage, fromSettingsPage, type ToSettingsPage } from '../../common/messages/settings';
import { commands } from './commands';
import { addHook } from './hookExamples';

export const viewType = 'plue.settings';

/** Settings that change the default provider. */
const choices = ['default_large', 'default_small'];

export function activateSettings(
  context: Pick<vscode.ExtensionContext, 'extensionUri'>,
  sidecar: Sidecar,
  providers: ProviderList,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  let path: string | undefined;

  const get = async (): Promise<SettingsResult> => {
    const settings = await sidecar.request(settingsGet, {});
    path = settings.path;
    return settings;
  };
  const send = async (): Promise<void> => {
    const settings = await get();
    const items = providers.items.length > 0 ? providers.items : await providers.refresh();
    page.post({ type: 'settings', settings, providers: items });
  };
  const sendSoon = (): void => {
    if (!page.isOpen) return;
    send().catch((error: unknown) => log.warn(`The settings could not be shown: ${toFailureError(error).message}`));
  };
  const set = async (name: string, value: unknown): Promise<void> => {
    let settings: SettingsResult;
    try {
      settings = await sidecar.request(settingsSet, { name, value });
    } catch (error) {
      const { kind, message } = toFailureError(error);
      log.warn(`The setting ${name} was not changed: ${kind}: ${message}`);
      page.post({ type: 'notSaved', name, error: { kind, message } });
      return;
    }
    page.post({ type: 'saved', name, settings });
    if (choices.includes(name)) await providers.refresh();
  };
  const listModels = async (providerId: string): Promise<void> => {
    try {
      const { models, error } = await sidecar.request(providerModels, { id: providerId });
      page.post({ type: 'models', providerId, models, ...(error === undefined ? {} : { error: error.message }) });
    } catch (error) {
      page.post({ type: 'models', providerId, models: [], error: toFailureError(error).message });
    }
  };
  const act = async (message: FromSettingsPage): Promise<void> => {
    switch (message.type) {
      case 'ready':
        return send();
      case 'set':
        return set(message.name, message.value);
      case 'listModels':
        return listModels(message.providerId);
      case 'editWithPlue':
        await vscode.commands.executeCommand('plue.editWithPlue', 'codex://settings/config');
        return;
      case 'openFile':
        return openFile(path ?? (await get()).path, message.line, message.column);
      case 'manageProviders':
        await vscode.commands.executeCommand('plue.manageProviders');
        return;
    }
  };

  const page = disposables.add(
    new SinglePage<FromSettingsPage, ToSettingsPage>({
      name: 'settings',
      title: l10n.t('Plue Settings'),
      viewType,
      extensionUri: context.extensionUri,
      log,
      schema: fromSettingsPage,
      act,
      refuse: (error) => ({ type: 'refused', error }),
    }),
  );
  disposables.add(vscode.commands.registerCommand(commands.openSettings, () => runWithErrorHandling(log, () => page.reveal())));
  disposables.add(
    vscode.commands.registerCommand(commands.addHook, () =>
      runWithErrorHandling(log, async () => {
        const { path: file, name } = await addHook(sidecar);
        sendSoon();
        const text = (await vscode.workspace.openTextDocument(vscode.Uri.file(file))).getText();
        const line = text.slice(0, Math.max(0, text.lastIndexOf(`"${name}"`))).split('\n').length;
        await openFile(file, line, undefined);
      }),
    ),
  );
  disposables.add(providers.onDidChange((items) => page.post({ type: 'providers', providers: items })));
  disposables.add(sidecar.onDidStart(sendSoon));
  // Keeps the webview visible next to an editor with its file.
  disposables.add(
    vscode.workspace.onDidSaveTextDocument(({ uri }) => {
      if (uri.fsPath === path) sendSoon();
    }),
  );
  return disposables;
}

/** A missing file is opened as an untitled document. */
async function openFile(path: string, line: number | undefined, column: number | undefined): Promise<void> {
  const file = vscode.Uri.file(path);
  const exists = await Promise.resolve(vscode.workspace.fs.stat(file)).then(
    () => true,
    () => false,
  );
  const at = line === undefined ? undefined : new vscode.Range(line - 1, (column ?? 1) - 1, line - 1, (column ?? 1) - 1);
  const document = await vscode.workspace.openTextDocument(exists ? file : file.with({ scheme: 'untitled' }));
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, ...(at === undefined ? {} : { selection: at }) });
}
