import * as l10n from '../../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling, toFailureError } from '../../infrastructure/errors';
import { codexChangeTemplate, codexCreate, codexGet, templateGet } from '../../protocol/protocol.generated';
import type { CodexSummary, FieldView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { pickTemplate } from '../../server/pickTemplate';
import type { ProviderList } from '../../server/providerList';
import { type NewTarget, newTarget, taskOfChat } from '../../common/messages/item';
import { commands } from './commands';
import { collections, Documents } from './documents';
import { createWithPlue, documentFolders, documentOf, editWithPlue, settingsFile } from './editWithPlue';
import { History } from './history';
import { ItemEditor } from './itemEditor';
import { showNotifications } from './notify';
import { openCodex } from './openCodex';

export function activateItems(
  context: Pick<vscode.ExtensionContext, 'extensionUri'>,
  sidecar: Sidecar,
  providers: ProviderList,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  const documents = new Documents(sidecar);
  const history = disposables.add(new History(sidecar));
  const editor = disposables.add(new ItemEditor({ sidecar, providers, documents, history, extensionUri: context.extensionUri, log }));
  const open = (uri: string): Promise<void> => openCodex(sidecar, uri, (item) => editor.open({ uri: item }));
  disposables.add(showNotifications(sidecar, log, open));
  const register = (id: string, action: (given: unknown) => Promise<unknown>): void => {
    disposables.add(vscode.commands.registerCommand(id, (given: unknown) => runWithErrorHandling(log, () => action(given))));
  };
  register(commands.newFromTemplate, async (given) => {
    const none = l10n.t('No custom templates found. Run Plue: New Template to create one.');
    await editor.open(
      targetOf(given) ?? {
        templateId: (await pickTemplate(sidecar, { title: l10n.t('New Item from Template'), collections: ['items'], none })).id,
      },
    );
  });
  register(commands.newTask, async (given) => {
    const none = l10n.t('No task templates found. Run Plue: New Template to create one.');
    const pick = async (): Promise<string> => (await pickTemplate(sidecar, { title: l10n.t('New Task'), collections: ['tasks'], none })).id;
    const asked = v.safeParse(taskOfChat, given);
    if (!asked.success) return editor.open(targetOf(given) ?? { templateId: await pick() });
    const { goal, parentId, templateId } = asked.output;
    await editor.open({ templateId: templateId ?? (await pick()), parentId, ...(goal === '' ? {} : { values: { goal } }) });
  });
  register(commands.newChatFromTemplate, async (given) => {
    const none = l10n.t('No chat templates found. Run Plue: New Template to create one.');
    const target = targetOf(given) ?? {
      templateId: (await pickTemplate(sidecar, { title: l10n.t('New Chat from Template'), collections: ['chats'], none })).id,
    };
    await newChat(target, { sidecar, providers, editor });
  });
  // A chat passes its URI to show its settings in the form.
  register(commands.openItem, async (given) =>
    editor.open({ uri: typeof given === 'string' ? given : (await documents.pick(l10n.t('Open Item'), ['items'])).uri }),
  );
  register(commands.openCodex, async (given) => {
    if (typeof given === 'string') await open(given);
  });
  register(commands.renameDocument, async () => documents.rename(await documents.pick(l10n.t('Rename'), collections)));
  // The Providers page deletes providers, because it also asks about the key.
  register(commands.deleteDocument, async () =>
    documents.delete(await documents.pick(l10n.t('Move to Trash'), ['items', 'prompts', 'templates'])),
  );
  register(commands.restoreDocument, async () => documents.restore(await documents.pick(l10n.t('Restore from Trash'), collections, true)));
  register(commands.showHistory, async (given) => {
    const named = async (uri: string): Promise<CodexSummary> => (await sidecar.request(codexGet, { uri, limit: 1 })).codex;
    await history.show(await (typeof given === 'string' ? named(given) : documents.pick(l10n.t('Show History'), collections)));
  });
  /** Returns the document passed by a menu, or else one that the user picks. */
  const chosen = async (given: unknown, title: l10n.LocalizedText): Promise<CodexSummary> => {
    const uri = typeof given === 'string' || given instanceof vscode.Uri ? documentOf(given) : undefined;
    return uri === undefined ? documents.pick(title, collections) : (await sidecar.request(codexGet, { uri, limit: 1 })).codex;
  };
  register(commands.undoChange, async (given) => documents.undo(await chosen(given, l10n.t('Undo Last Change to Item'))));
  register(commands.redoChange, async (given) => documents.redo(await chosen(given, l10n.t('Redo Last Change to Item'))));
  register(commands.editWithPlue, async (given) => {
    const uri = documentOf(given) ?? (await documents.pick(l10n.t('Edit with Plue'), ['templates', 'prompts', 'items'], false, true)).uri;
    await editWithPlue(uri, { sidecar, providers });
  });
  register(commands.createWithPlue, () => createWithPlue({ sidecar, providers }));
  const showFolders = (): void => void vscode.commands.executeCommand('setContext', 'plue.documentFolders', documentFolders());
  showFolders();
  void vscode.commands.executeCommand('setContext', 'plue.settingsFiles', [settingsFile()]);
  disposables.add(vscode.workspace.onDidChangeWorkspaceFolders(showFolders));
  register(commands.restoreVersion, (shown) => history.restore(shown instanceof vscode.Uri ? shown : undefined));
  return disposables;
}

/** A webview passes a template and initial values; the Command Palette asks for the template. */
function targetOf(given: unknown): NewTarget | undefined {
  const parsed = v.safeParse(newTarget, given);
  return parsed.success ? parsed.output : undefined;
}

/** Creates the chat immediately unless the template has required fields. If `chat` is an empty chat, its template is replaced instead. */
async function newChat(target: NewTarget, services: { sidecar: Sidecar; providers: ProviderList; editor: ItemEditor }): Promise<void> {
  const { sidecar, providers, editor } = services;
  const { chat, templateId } = target;
  if (chat !== undefined) {
    try {
      await sidecar.request(codexChangeTemplate, { uri: chat, templateId });
    } catch (error) {
      if (toFailureError(error).kind !== 'missingField') throw error;
      await editor.open(target);
    }
    return;
  }
  const template = await sidecar.request(templateGet, { id: target.templateId });
  if (template.collection !== 'chats') throw new FailureError('badRequest', l10n.t('“{0}” is not a chat template.', template.name));
  // Values without a field in the new template are dropped.
  const values = Object.fromEntries(
    Object.entries(target.values ?? {}).filter(([name]) => template.fields.some((field) => field.name === name)),
  );
  if (template.fields.some((field) => isMissing(field, values))) return editor.open(target);
  await providers.ensureDefault();
  const { uri } = await sidecar.request(codexCreate, { templateId: template.id, collection: 'chats', values });
  await vscode.commands.executeCommand('plue.openChat', uri);
}

/** The provider is selected in the chat. */
function isMissing({ name, required, default: given, conditional }: FieldView, values: Record<string, unknown>): boolean {
  return required && given === undefined && conditional === undefined && values[name] === undefined && name !== 'provider_ref';
}
