// Chats that edit a document, or create one from a description.
import { dirname } from 'node:path';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { UserCancelledError } from '../../infrastructure/errors';
import { showInputBox } from '../../infrastructure/window';
import { codexCreate, codexGet, messageSend, skillList } from '../../protocol/protocol.generated';
import type { ProviderList } from '../../server/providerList';
import type { Sidecar } from '../../server/client';
import { plueHome } from '../../server/plueHome';
import { shippedScheme } from '../../server/shipped';

/** The built-in template of these chats. */
const templateId = 'document-editor';

/** The settings are also a document. The file may not exist yet. */
const settingsUri = 'codex://settings/config';

interface EditServices {
  sidecar: Sidecar;
  providers: ProviderList;
}

/** A skill is addressed by its file. */
const isSkill = (uri: string): boolean => /[/\\]SKILL\.md$/u.test(uri);

/** Opens a chat over the document. Unsaved changes are saved first, because the chat changes the file. */
export async function editWithPlue(uri: string, { sidecar, providers }: EditServices): Promise<void> {
  const { title: name, path } = uri === settingsUri ? { title: l10n.t('Settings'), path: settingsFile() } : await named(sidecar, uri);
  const open = vscode.workspace.textDocuments.find(({ uri: file, isDirty }) => isDirty && file.fsPath === path);
  if (open !== undefined && !(await open.save())) throw new UserCancelledError();
  await providers.ensureDefault();
  const title = l10n.t('Edit {0}', name);
  const chat = await sidecar.request(codexCreate, { templateId, collection: 'chats', title, values: { document: uri } });
  await vscode.commands.executeCommand('plue.openChat', chat.uri);
}

async function named(sidecar: Sidecar, uri: string): Promise<{ title: string; path: string | undefined }> {
  if (isSkill(uri)) {
    const skill = (await sidecar.request(skillList, {})).skills.find(({ path }) => path === uri);
    if (skill === undefined) throw new Error(l10n.t('{0} isn’t in a folder of skills that Plue reads.', uri));
    return { title: skill.name, path: uri };
  }
  const { codex, document } = await sidecar.request(codexGet, { uri, limit: 1 });
  return { title: codex.title, path: document?.path };
}

/** Asks for a description and sends it to a new chat that creates the template. */
export async function createWithPlue({ sidecar, providers }: EditServices): Promise<void> {
  const text = await showInputBox({
    title: l10n.t('Create Template with Plue'),
    prompt: l10n.t('Describe the agent, chat, or type of item. Plue asks before it writes the template.'),
    placeHolder: l10n.t('An agent that reads our logs and lists the first errors'),
    ignoreFocusOut: true,
    validateInput: (typed) => (typed.trim() === '' ? l10n.t('Enter a description.') : undefined),
  });
  if (text === undefined) throw new UserCancelledError();
  await providers.ensureDefault();
  const chat = await sidecar.request(codexCreate, { templateId, collection: 'chats', title: l10n.t('Create template') });
  await vscode.commands.executeCommand('plue.openChat', chat.uri);
  await sidecar.request(messageSend, { codexId: chat.uri, text: l10n.t('Create a template: {0}', text.trim()) });
}

/** A menu passes the URI or the file; the Command Palette uses the active editor. */
export function documentOf(given: unknown): string | undefined {
  if (typeof given === 'string') return given;
  const file = given instanceof vscode.Uri ? given : vscode.window.activeTextEditor?.document.uri;
  if (file?.scheme === 'file' && file.fsPath === settingsFile()) return settingsUri;
  if (file?.scheme === 'file' && isSkill(file.fsPath)) return file.fsPath;
  const parts = /[/\\](templates|prompts|items)[/\\]([a-z0-9][a-z0-9._-]*)\.(?:json5|md)$/.exec(file?.fsPath ?? '');
  if (file === undefined || parts === null) return undefined;
  const isDocument = file.scheme === shippedScheme || (file.scheme === 'file' && documentFolders().includes(dirname(file.fsPath)));
  return isDocument ? `codex://${parts[1] ?? ''}/${parts[2] ?? ''}` : undefined;
}

/** The user's settings file, for `when` clauses of menus. */
export function settingsFile(): string {
  return vscode.Uri.joinPath(vscode.Uri.file(plueHome(process.env)), 'config.json5').fsPath;
}

/** The folders with documents of Plue, for `when` clauses of menus. */
export function documentFolders(): string[] {
  const inWorkspace = (vscode.workspace.workspaceFolders ?? [])
    .filter(({ uri }) => uri.scheme === 'file')
    .flatMap(({ uri }) => ['templates', 'prompts'].map((name) => vscode.Uri.joinPath(uri, '.plue', name).fsPath));
  const home = vscode.Uri.file(plueHome(process.env));
  return [...['templates', 'prompts', 'items'].map((name) => vscode.Uri.joinPath(home, name).fsPath), ...inWorkspace];
}
