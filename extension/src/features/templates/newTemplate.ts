// Creates a template: asks for a starting point, a name, and a location, and opens the files.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import { showInputBox, showQuickPick } from '../../infrastructure/window';
import { codexCreate, codexGet, templateList, templateStartingPoints } from '../../protocol/protocol.generated';
import type { TemplateStartingPoint } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

export async function newTemplate(sidecar: Sidecar): Promise<void> {
  const point = await pickStartingPoint(sidecar);
  const name = await askName(point.name);
  const folder = await askFolder();
  const id = await freeId(sidecar, name);
  const written = folder === undefined ? await writeForUser(sidecar, point, id, name) : await writeInto(folder, point, id, name);
  await vscode.window.showTextDocument(written.template, { viewColumn: vscode.ViewColumn.One, preview: false });
  if (written.prompt !== undefined) {
    await vscode.window.showTextDocument(written.prompt, { viewColumn: vscode.ViewColumn.Beside, preview: false, preserveFocus: true });
  }
}

interface Written {
  template: vscode.Uri;
  prompt: vscode.Uri | undefined;
}

async function pickStartingPoint(sidecar: Sidecar): Promise<TemplateStartingPoint> {
  const { startingPoints } = await sidecar.request(templateStartingPoints, {});
  const rows = startingPoints.map((point) => ({ label: point.name, detail: point.description, point }));
  const chosen = await showQuickPick(rows, {
    title: l10n.t('New Template (1 of 3)'),
    placeHolder: l10n.t('Select a starting point'),
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  if (chosen === undefined) throw new UserCancelledError();
  return chosen.point;
}

async function askName(example: string): Promise<string> {
  const name = await showInputBox({
    title: l10n.t('New Template (2 of 3)'),
    prompt: l10n.t('Shown in lists and used for the file name.'),
    placeHolder: l10n.verbatim(example),
    ignoreFocusOut: true,
    validateInput: (typed) => (slug(typed) === '' ? l10n.t('Enter a template name with at least one letter or digit.') : undefined),
  });
  if (name === undefined) throw new UserCancelledError();
  return name.trim();
}

/** Returns the data folder of the workspace; undefined for the user's. Untrusted folders are not used. */
async function askFolder(): Promise<vscode.Uri | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined || !vscode.workspace.isTrusted) return undefined;
  const rows = [
    {
      label: l10n.t('All workspaces'),
      icon: 'account',
      detail: l10n.t('Saved in Plue’s data folder.'),
      folder: undefined,
    },
    {
      label: l10n.t('This workspace'),
      icon: 'root-folder',
      detail: l10n.t(
        'Saved in .plue, so you can share it through version control. It can’t grant more permissions than your own templates.',
      ),
      folder: vscode.Uri.joinPath(folder.uri, '.plue'),
    },
  ];
  const chosen = await showQuickPick(rows, {
    title: l10n.t('New Template (3 of 3)'),
    placeHolder: l10n.t('Select where to save'),
    ignoreFocusOut: true,
  });
  if (chosen === undefined) throw new UserCancelledError();
  return chosen.folder;
}

/** Returns an ID that no template has in any layer. */
async function freeId(sidecar: Sidecar, name: string): Promise<string> {
  const { templates } = await sidecar.request(templateList, {});
  const taken = new Set(templates.map(({ id }) => id));
  const first = slug(name);
  let id = first;
  for (let number = 2; taken.has(id); number++) id = `${first}-${number}`;
  return id;
}

/** Writes the prompt first, so that the template never refers to a missing file. */
async function writeForUser(sidecar: Sidecar, point: TemplateStartingPoint, id: string, name: string): Promise<Written> {
  const prompt =
    point.prompt === undefined
      ? undefined
      : await sidecar.request(codexCreate, { templateId: 'markdown', collection: 'prompts', title: id, text: point.prompt });
  const text = adapted(point, { id, name, ...(prompt === undefined ? {} : { prompt: prompt.uri }) });
  const template = await sidecar.request(codexCreate, { templateId: id, collection: 'templates', title: id, text });
  return {
    template: await fileOf(sidecar, template.uri),
    prompt: prompt === undefined ? undefined : await fileOf(sidecar, prompt.uri),
  };
}

async function fileOf(sidecar: Sidecar, uri: string): Promise<vscode.Uri> {
  const { document } = await sidecar.request(codexGet, { uri });
  if (document?.path === undefined) throw new FailureError('notFound', l10n.t('{0} was written, but its file could not be found.', uri));
  return vscode.Uri.file(document.path);
}

async function writeInto(folder: vscode.Uri, point: TemplateStartingPoint, id: string, name: string): Promise<Written> {
  const template = vscode.Uri.joinPath(folder, 'templates', `${id}.json5`);
  const prompt = vscode.Uri.joinPath(folder, 'prompts', `${id}.md`);
  for (const file of [template, ...(point.prompt === undefined ? [] : [prompt])]) {
    if (await exists(file)) throw new FailureError('conflict', l10n.t('{0} already exists. Choose another name.', file.fsPath));
  }
  const write = async (file: vscode.Uri, text: string): Promise<void> => {
    try {
      await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(text));
    } catch {
      throw new FailureError('storeReadOnly', l10n.t('Could not write {0}. Check that the folder is writable.', file.fsPath));
    }
  };
  if (point.prompt !== undefined) await write(prompt, point.prompt);
  await write(template, adapted(point, { id, name, prompt: `codex://prompts/${id}` }));
  return { template, prompt: point.prompt === undefined ? undefined : prompt };
}

async function exists(file: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(file).then(
    () => true,
    () => false,
  );
}

/** Returns the text of the starting point with the new ID and name. */
export function adapted(point: TemplateStartingPoint, { id, name, prompt }: { id: string; name: string; prompt?: string }): string {
  const promptAddress = new RegExp(`codex://prompts/${point.id}(?:\\.md)?(?=")`, 'g');
  return point.text
    .replace(promptAddress, () => prompt ?? `codex://prompts/${id}`)
    .replaceAll(JSON.stringify(point.id), () => JSON.stringify(id))
    .replaceAll(`spawn_task(${point.id})`, () => `spawn_task(${id})`)
    .replace(`name: ${JSON.stringify(point.name)}`, () => `name: ${JSON.stringify(name)}`);
}

/** Converts a name to an ID: lowercase letters, digits, and hyphens. */
export function slug(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
    .replace(/-+$/, '');
}
