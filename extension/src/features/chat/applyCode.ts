// Shows code of a response as a diff against a file and writes it only when accepted.
import { basename } from 'node:path';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { change } from '../../common/textChange';
import { FailureError } from '../../infrastructure/errors';
import { isProtected } from '../../infrastructure/protectedFiles';
import { showInformationMessage, showInputBox, showQuickPick, showWarningMessage } from '../../infrastructure/window';
import type { LastEditor } from './insertCode';
import { namedFile } from './namedFile';
import { placesOf } from '../../infrastructure/workspaceFolders';
import { type InsidePath, openFolders, pathInside } from './openFolder';
import { type FilePatch, patchesOf } from './patch';
import { placeCode } from './placeCode';

export const proposedScheme = 'plue-proposed';

/** The proposed content of a file. */
interface Proposal {
  file: vscode.Uri;
  /** The content of the file in the diff; undefined if the file does not exist. */
  before: string | undefined;
  after: string;
}

const maxProposals = 50;

export class ApplyCode implements vscode.TextDocumentContentProvider, vscode.Disposable {
  /** By the URI of the right side. */
  private readonly proposals = new Map<string, Proposal>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(proposedScheme, this);
  private count = 0;

  constructor(private readonly lastEditor: LastEditor) {}

  /** Shows the diff for the named file, the last active file, or a file that the user selects. */
  async apply(text: string, info: string): Promise<void> {
    const patches = /^(?:diff|patch)\b/i.test(info.trim()) ? patchesOf(text) : [];
    if (patches.length > 0) {
      for (const patch of patches) await this.applyPatch(patch);
      return;
    }
    const { path, code } = namedFile(info, text);
    const file = await this.targetOf(path);
    if (file === undefined || !(await mayTouch(file))) return;
    const document = await openIfThere(file);
    const before = document?.getText();
    const shown = document === undefined ? undefined : this.lastEditor.selectionIn(document);
    const { text: after, place } = placeCode(before ?? '', code, shown);
    if (after === before) {
      void showInformationMessage(l10n.t('{0} already contains this code.', basename(file.fsPath)));
      return;
    }
    await this.show({ file, before, after }, place);
  }

  private async applyPatch({ path, applyTo }: FilePatch): Promise<void> {
    const file = await this.targetOf(path);
    if (file === undefined || !(await mayTouch(file))) return;
    const before = (await openIfThere(file))?.getText();
    const after = applyTo(before ?? '');
    if (after === undefined) {
      throw new FailureError(
        'conflict',
        l10n.t('The diff does not match the text of {0}. Ask the model to create it again.', basename(file.fsPath)),
      );
    }
    await this.show({ file, before, after }, l10n.t('diff'));
  }

  /** `right` identifies the diff whose button was selected. Default: the active diff. */
  async accept(right: vscode.Uri | undefined): Promise<void> {
    const address = right ?? proposalInFront();
    const proposal = address && this.proposals.get(address.toString());
    if (address === undefined || proposal === undefined)
      throw new FailureError('badRequest', l10n.t('This change is no longer available. Apply the code again.'));
    const { file, before, after } = proposal;
    // The folder may have changed since the diff was shown.
    if ((await jailed(file.fsPath)) === undefined) throw outside(file.fsPath);
    const document = await openIfThere(file);
    if (document?.getText() !== before) {
      throw new FailureError(
        'conflict',
        l10n.t('{0} changed after the diff was created. Discard the diff and apply the code again.', basename(file.fsPath)),
      );
    }
    const wasDirty = document?.isDirty === true;
    const edit = new vscode.WorkspaceEdit();
    if (document === undefined) edit.createFile(file, { contents: new TextEncoder().encode(after) });
    else {
      const { start, end, text } = change(document.getText(), after);
      edit.replace(file, new vscode.Range(document.positionAt(start), document.positionAt(end)), text);
    }
    if (!(await vscode.workspace.applyEdit(edit))) {
      throw new FailureError('conflict', l10n.t('{0} could not be changed. Nothing was written.', basename(file.fsPath)));
    }
    const changed = await vscode.workspace.openTextDocument(file);
    // Do not save unsaved changes of the user.
    if (!wasDirty) await changed.save();
    await this.close(address);
    await vscode.window.showTextDocument(changed, { preview: false });
  }

  async discard(right: vscode.Uri | undefined): Promise<void> {
    const address = right ?? proposalInFront();
    if (address !== undefined) await this.close(address);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.proposals.get(uri.toString())?.after ?? '';
  }

  dispose(): void {
    this.registration.dispose();
    this.proposals.clear();
  }

  private async show(proposal: Proposal, place: string): Promise<void> {
    const id = ++this.count;
    const right = vscode.Uri.from({ scheme: proposedScheme, path: proposal.file.path, query: `${id}` });
    // A missing file is compared with an empty one.
    const left = proposal.before === undefined ? right.with({ query: `${id}-nothing` }) : proposal.file;
    this.proposals.set(right.toString(), proposal);
    const oldest = this.proposals.keys().next();
    if (this.proposals.size > maxProposals && oldest.done !== true) this.proposals.delete(oldest.value);
    const what = proposal.before === undefined ? l10n.t('new file') : place;
    await vscode.commands.executeCommand('vscode.diff', left, right, l10n.t('{0} (proposed: {1})', basename(proposal.file.fsPath), what), {
      preview: false,
      viewColumn: vscode.ViewColumn.One,
    });
  }

  private async close(right: vscode.Uri): Promise<void> {
    const tabs = vscode.window.tabGroups.all
      .flatMap((group) => group.tabs)
      .filter(({ input }) => input instanceof vscode.TabInputTextDiff && input.modified.toString() === right.toString());
    await vscode.window.tabGroups.close(tabs);
    this.proposals.delete(right.toString());
  }

  private async targetOf(path: string | undefined): Promise<vscode.Uri | undefined> {
    const folders = openFolders();
    if (folders.length === 0) throw noFolder();
    if (path !== undefined) return fileTarget(path);
    const last = this.lastEditor.current?.document;
    if (last?.uri.scheme === 'file' && (await jailed(last.uri.fsPath)) !== undefined) return last.uri;
    return askForFile();
  }
}

/** Opens the code as a new file at the named path, after asking for the location, or as an untitled file. */
export async function newFile(text: string, info: string): Promise<void> {
  const { path, code } = namedFile(info, text);
  const folder = openFolders()[0];
  if (path === undefined || folder === undefined) return openUntitled(code, info);
  const chosen = await showInputBox({
    title: l10n.t('New File'),
    prompt: l10n.t('Select a location in {0}', basename(folder)),
    value: path.replace(/^[\\/]+/, ''),
    ignoreFocusOut: true,
  });
  if (chosen === undefined || chosen.trim() === '') return;
  const [place] = placesOf(chosen.trim());
  const inside = place === undefined ? undefined : await pathInside(place.path, place.folder);
  if (inside === undefined) throw outside(chosen);
  const uri = vscode.Uri.file(inside.real);
  if ((await openIfThere(uri)) !== undefined) {
    throw new FailureError('conflict', l10n.t('The file {0} already exists. Select Apply as Diff to change it.', chosen.trim()));
  }
  if (!(await mayTouch(uri))) return;
  const edit = new vscode.WorkspaceEdit();
  edit.createFile(uri, { contents: new TextEncoder().encode(code), overwrite: false });
  if (!(await vscode.workspace.applyEdit(edit)))
    throw new FailureError('conflict', l10n.t('Could not create {0}. Choose another location.', chosen.trim()));
  await vscode.window.showTextDocument(uri, { preview: false });
}

async function openUntitled(content: string, info: string): Promise<void> {
  const known = new Set(await vscode.languages.getLanguages());
  const word = (/^[\w+#-]+/.exec(info.trim())?.[0] ?? '').toLowerCase();
  const language = languageIds[word] ?? word;
  const document = await vscode.workspace.openTextDocument({ content, language: known.has(language) ? language : 'plaintext' });
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.One, preview: false });
}

/** Languages with another ID in VS Code. */
const languageIds: Record<string, string> = {
  ...{ ts: 'typescript', tsx: 'typescriptreact', js: 'javascript', jsx: 'javascriptreact', mjs: 'javascript', cjs: 'javascript' },
  ...{ py: 'python', sh: 'shellscript', bash: 'shellscript', zsh: 'shellscript', shell: 'shellscript', console: 'shellscript' },
  ...{ cs: 'csharp', 'c#': 'csharp', 'c++': 'cpp', 'f#': 'fsharp', fs: 'fsharp', yml: 'yaml', md: 'markdown', rb: 'ruby', rs: 'rust' },
  ...{ golang: 'go', ps1: 'powershell', pwsh: 'powershell', docker: 'dockerfile', make: 'makefile', text: 'plaintext', txt: 'plaintext' },
};

/** Returns the named file in the first folder that has it, or a file with the same path suffix, or a new file. */
async function fileTarget(path: string): Promise<vscode.Uri | undefined> {
  const named = await Promise.all(placesOf(path).map((place) => pathInside(place.path, place.folder)));
  const places = named.flatMap((inside) => (inside === undefined ? [] : [vscode.Uri.file(inside.real)]));
  const fresh = places[0];
  if (fresh === undefined) throw outside(path);
  for (const place of places) if ((await openIfThere(place)) !== undefined) return place;
  const tail = path.replace(/\\/g, '/').replace(/^(?:\.{0,2}\/)+/, '');
  const found = await vscode.workspace.findFiles(`**/${tail.replace(/[[\]{}*?]/g, '[$&]')}`, '**/node_modules/**', 20);
  // A symbolic link can lead outside the folder.
  const inside = await Promise.all(found.map(({ fsPath }) => jailed(fsPath)));
  const alike = found.filter((_, at) => inside[at] !== undefined);
  if (alike.length === 0) return fresh;
  const rows = alike.map((uri) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  const chosen = await showQuickPick([...rows, { label: l10n.t('New file {0}', path), icon: 'new-file', uri: fresh }], {
    title: l10n.t('Select the file for {0}', path),
  });
  return chosen?.uri;
}

async function askForFile(): Promise<vscode.Uri | undefined> {
  const open = vscode.workspace.textDocuments.filter(({ uri, isClosed }) => uri.scheme === 'file' && !isClosed);
  const rows = open.map(({ uri }) => ({ label: vscode.workspace.asRelativePath(uri), uri }));
  const other = { label: l10n.t('Choose Another File…'), icon: 'folder-opened', uri: undefined };
  const chosen = await showQuickPick([...rows, other], { title: l10n.t('Select the file to change') });
  if (chosen === undefined || chosen.uri !== undefined) return chosen?.uri;
  const [file] = (await vscode.window.showOpenDialog({ canSelectMany: false, openLabel: l10n.t('Choose') })) ?? [];
  return file;
}

/** Rejects files outside the workspace folders. Files that control which programs run require confirmation. */
async function mayTouch(file: vscode.Uri): Promise<boolean> {
  const inside = file.scheme === 'file' ? await jailed(file.fsPath) : undefined;
  if (inside === undefined) throw outside(file.fsPath);
  if (!isProtected(inside.within)) return true;
  const show = l10n.t('Show Change');
  const said = await showWarningMessage(
    l10n.t('{0} can control which programs run, or hold secrets. Show the model’s change to it?', inside.within),
    { modal: true },
    show,
  );
  return said === show;
}

/** Returns the real path; undefined if it is outside every workspace folder. */
async function jailed(path: string): Promise<InsidePath | undefined> {
  for (const folder of openFolders()) {
    const inside = await pathInside(path, folder);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

async function openIfThere(file: vscode.Uri): Promise<vscode.TextDocument | undefined> {
  const isThere = await vscode.workspace.fs.stat(file).then(
    () => true,
    () => false,
  );
  return isThere ? vscode.workspace.openTextDocument(file) : undefined;
}

function proposalInFront(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputTextDiff && input.modified.scheme === proposedScheme ? input.modified : undefined;
}

function outside(path: string): FailureError {
  return new FailureError(
    'badRequest',
    l10n.t('{0} is outside the workspace folder, so Plue won’t change it. You can copy the code.', path),
  );
}

function noFolder(): FailureError {
  return vscode.workspace.isTrusted
    ? new FailureError('badRequest', l10n.t('No folder is open. Open a folder, or select New File.'))
    : new FailureError('untrusted', l10n.t('The folder isn’t trusted, so Plue won’t open its files.'));
}
