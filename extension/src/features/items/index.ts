import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import type { Sidecar } from '../../server/client';
import { commands } from './commands';
import { collections, Documents } from './documents';
import { History } from './history';
import { ItemEditor } from './itemEditor';

export function activateItems(
  context: Pick<vscode.ExtensionContext, 'extensionUri'>,
  sidecar: Sidecar,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  const documents = new Documents(sidecar);
  const history = disposables.add(new History(sidecar));
  const editor = disposables.add(new ItemEditor({ sidecar, documents, history, extensionUri: context.extensionUri, log }));
  const register = (id: string, action: (given: unknown) => Promise<unknown>): void => {
    disposables.add(vscode.commands.registerCommand(id, (given: unknown) => runWithErrorHandling(log, () => action(given))));
  };
  register(commands.newFromTemplate, async () => editor.open({ templateId: await documents.pickTemplate() }));
  register(commands.openItem, async () => editor.open({ uri: (await documents.pick('Open Item', ['items'])).uri }));
  // A provider goes with its key and its models: that is asked on the Providers page.
  register(commands.deleteDocument, async () => documents.delete(await documents.pick('Move to Trash', ['items', 'prompts', 'templates'])));
  register(commands.restoreDocument, async () => documents.restore(await documents.pick('Restore from Trash', collections, true)));
  register(commands.showHistory, async () => history.show(await documents.pick('Show History', collections)));
  register(commands.undoChange, async () => documents.undo(await documents.pick('Undo Last Change of…', collections)));
  register(commands.redoChange, async () => documents.redo(await documents.pick('Redo Last Change of…', collections)));
  register(commands.restoreVersion, (shown) => history.restore(shown instanceof vscode.Uri ? shown : undefined));
  return disposables;
}
