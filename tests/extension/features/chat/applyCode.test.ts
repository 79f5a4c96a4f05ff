import { mkdirSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Uri as RealUri } from 'vscode';
import { ApplyCode, newFile } from '../../../../extension/src/features/chat/applyCode';
import { LastEditor } from '../../../../extension/src/features/chat/insertCode';
import {
  answers,
  copied,
  disk,
  editing,
  editorChanged,
  executed,
  FakeDocument,
  FakeEditor,
  files,
  lists,
  opened,
  Position,
  Range,
  reset,
  shown,
  TabInputTextDiff,
  untitled,
  Uri,
  window,
  workspace,
} from '../../testing/vscode';

const home = realpathSync(mkdtempSync(join(tmpdir(), 'plue-apply-')));
const folder = join(home, 'work');
mkdirSync(join(folder, 'src'), { recursive: true });
mkdirSync(join(home, 'elsewhere'));
symlinkSync(join(home, 'elsewhere'), join(folder, 'out'));
const dates = join(folder, 'src', 'dates.ts');
const before = 'export const a = 1;\nexport const b = 2;\n';
const after = 'export const a = 1;\nexport const b = 3;\n';

let lastEditor: LastEditor;
let apply: ApplyCode;

beforeEach(() => {
  reset();
  workspace.workspaceFolders = [{ uri: Uri.file(folder) }];
  disk.set(dates, before);
  begin();
});

function begin(): void {
  lastEditor = new LastEditor();
  apply = new ApplyCode(lastEditor);
}

/** Makes a document the active editor. */
function putInFront(path: string, selection = new Range(0, 0, 0, 0)): FakeDocument {
  const document = new FakeDocument(Uri.file(path), disk.get(path) ?? '');
  workspace.textDocuments.push(document);
  window.activeTextEditor = new FakeEditor(document, selection);
  begin();
  return document;
}

interface Diff {
  left: Uri;
  right: RealUri;
  title: unknown;
}

/** Returns the diff that was shown last. */
function diff(): Diff {
  const [, left, right, title] = executed.findLast(([command]) => command === 'vscode.diff') ?? [];
  if (!(left instanceof Uri) || !(right instanceof RealUri)) throw new Error('No diff was shown.');
  return { left, right, title };
}

function proposed(): string {
  return apply.provideTextDocumentContent(diff().right);
}

describe('code that names its file', () => {
  it('is shown against it, and nothing is written before it is accepted', async () => {
    await apply.apply(after, 'ts src/dates.ts');
    expect(diff().left.path).toBe(dates);
    expect(diff().title).toBe('dates.ts (proposed: lines 1–2)');
    expect(proposed()).toBe(after);
    expect(disk.get(dates)).toBe(before);
    await apply.accept(diff().right);
    expect(disk.get(dates)).toBe(after);
    expect(opened).toEqual([`file:${dates}`]);
  });

  it('is a new file where there is none, compared with nothing', async () => {
    await apply.apply('export const c = 1;\n', 'ts src/more/new.ts');
    expect(diff().title).toBe('new.ts (proposed: new file)');
    expect(diff().left).toMatchObject({ scheme: 'plue-proposed' });
    expect(apply.provideTextDocumentContent(RealUri.parse(diff().left.toString()))).toBe('');
    await apply.accept(diff().right);
    expect(disk.get(join(folder, 'src/more/new.ts'))).toBe('export const c = 1;\n');
  });

  it('is asked which file is meant where others end so', async () => {
    answers.push('src/dates.ts');
    await apply.apply(after, 'ts ./dates.ts');
    expect(shown[0]).toMatchObject({
      text: 'Select the file for ./dates.ts',
      buttons: ['src/dates.ts', '$(new-file) New file ./dates.ts'],
    });
    expect(diff().left.path).toBe(dates);
    await apply.apply(after, 'ts ./dates.ts');
    expect(executed).toHaveLength(1);
    answers.push('New file');
    await apply.apply(after, 'ts ./dates.ts');
    expect(diff().right.path).toBe(join(folder, 'dates.ts'));
  });

  it.each(['../elsewhere/a.ts', 'out/a.ts', '/etc/hosts.conf'])('outside of the folder, as %s, is left alone', async (path) => {
    await expect(apply.apply(after, `ts ${path}`)).rejects.toThrow(`${path} is outside the workspace folder, so Plue won’t change it.`);
    expect(executed).toEqual([]);
  });

  it('that equals the current file is not shown', async () => {
    await apply.apply(before, 'ts src/dates.ts');
    expect(shown.map(({ text }) => text)).toEqual(['dates.ts already contains this code.']);
    expect(executed).toEqual([]);
  });

  it('that decides what programs run is shown only when the user wants to see it', async () => {
    await apply.apply('{}', 'json .vscode/tasks.json');
    expect(shown[0]).toMatchObject({
      kind: 'warning',
      text: '.vscode/tasks.json can control which programs run, or hold secrets. Show the model’s change to it?',
      buttons: ['Show Change'],
    });
    expect(executed).toEqual([]);
    answers.push('Show Change');
    await apply.apply('{}', 'json .vscode/tasks.json');
    expect(diff().right.path).toBe(join(folder, '.vscode/tasks.json'));
  });
});

describe('code that names no file', () => {
  it('is inserted into the last active editor, replacing the selection', async () => {
    putInFront(dates, new Range(1, 17, 1, 18));
    await apply.apply('20', 'ts');
    expect(diff()).toMatchObject({ left: { path: dates }, title: 'dates.ts (proposed: the selection)' });
    expect(proposed()).toBe(before.replace('2', '20'));
  });

  it('asks among the open files, or for another one', async () => {
    const document = putInFront(dates);
    document.isClosed = true;
    const open = new FakeDocument(Uri.file(join(folder, 'src', 'open.ts')), '');
    disk.set(open.uri.path, '');
    workspace.textDocuments.push(open);
    answers.push('src/open.ts');
    await apply.apply(after, 'ts');
    expect(shown[0]).toMatchObject({
      text: 'Select the file to change',
      buttons: ['src/open.ts', '$(folder-opened) Choose Another File…'],
    });
    expect(diff().left.path).toBe(open.uri.path);
    answers.push('Choose Another File…');
    files.push(Uri.file(dates));
    await apply.apply(after, 'ts');
    expect(diff().left.path).toBe(dates);
  });

  it('is not shown when nothing is chosen, and not against a file outside of the folder', async () => {
    await apply.apply(after, 'ts');
    answers.push('Choose Another File…');
    await apply.apply(after, 'ts');
    expect(executed).toEqual([]);
    answers.push('Choose Another File…');
    files.push(Uri.file('/etc/hosts'));
    await expect(apply.apply(after, 'ts')).rejects.toThrow('/etc/hosts is outside the workspace folder');
    putInFront('/etc/hosts');
    await apply.apply(after, 'ts');
    expect(lists.at(-1)).toHaveLength(2);
    expect(executed).toEqual([]);
  });
});

describe('without a workspace folder', () => {
  it('the alternatives are shown', async () => {
    workspace.workspaceFolders = undefined;
    await expect(apply.apply(after, 'ts')).rejects.toThrow('No folder is open. Open a folder, or select New File.');
  });

  it('that is trusted, its files are left alone', async () => {
    workspace.isTrusted = false;
    await expect(apply.apply(after, 'ts src/dates.ts')).rejects.toMatchObject({
      kind: 'untrusted',
      message: 'The folder isn’t trusted, so Plue won’t open its files.',
    });
  });
});

describe('a proposal', () => {
  it('is not written over what changed since it was shown', async () => {
    await apply.apply(after, 'ts src/dates.ts');
    workspace.textDocuments.length = 0;
    disk.set(dates, 'mine\n');
    await expect(apply.accept(diff().right)).rejects.toThrow(
      'dates.ts changed after the diff was created. Discard the diff and apply the code again.',
    );
    expect(disk.get(dates)).toBe('mine\n');
  });

  it('leaves to the user to save what they had not saved', async () => {
    const document = putInFront(dates);
    document.replace(new Range(0, 0, 0, 0), '// Mine.\n');
    await apply.apply('export const b = 3;', 'ts');
    await apply.accept(diff().right);
    expect(document.getText()).toContain('// Mine.\n');
    expect(document.getText()).toContain('export const b = 3;');
    expect(document.isDirty).toBe(true);
    expect(disk.get(dates)).toBe(before);
  });

  it('that VS Code does not take is written nowhere, and can be accepted again', async () => {
    await apply.apply(after, 'ts src/dates.ts');
    editing.isTaken = false;
    await expect(apply.accept(diff().right)).rejects.toThrow('dates.ts could not be changed. Nothing was written.');
    expect(disk.get(dates)).toBe(before);
    editing.isTaken = true;
    await apply.accept(diff().right);
    expect(disk.get(dates)).toBe(after);
  });

  it('in front is the target, and its tab is closed with it', async () => {
    await apply.apply(after, 'ts src/dates.ts');
    const tab = { input: new TabInputTextDiff(diff().left, Uri.file(dates).with({ scheme: 'plue-proposed', query: '1' })) };
    const other = { input: new TabInputTextDiff(diff().left, Uri.file(dates)) };
    window.tabGroups.all.push({ tabs: [other, tab], viewColumn: 1 });
    window.tabGroups.activeTabGroup = { activeTab: other };
    await expect(apply.accept(undefined)).rejects.toThrow('This change is no longer available. Apply the code again.');
    window.tabGroups.activeTabGroup = { activeTab: tab };
    await apply.accept(undefined);
    expect(disk.get(dates)).toBe(after);
    expect(window.tabGroups.closed).toEqual([tab]);
  });

  it('that is discarded is closed, forgotten and written nowhere', async () => {
    await apply.apply(after, 'ts src/dates.ts');
    const { right } = diff();
    await apply.discard(undefined);
    expect(proposed()).toBe(after);
    await apply.discard(right);
    expect(proposed()).toBe('');
    await expect(apply.accept(right)).rejects.toThrow('no longer available');
    expect(disk.get(dates)).toBe(before);
  });

  it('for a folder that was closed meanwhile is not written', async () => {
    await apply.apply(after, 'ts src/dates.ts');
    workspace.workspaceFolders = [{ uri: Uri.file(join(home, 'elsewhere')) }];
    await expect(apply.accept(diff().right)).rejects.toThrow('is outside the workspace folder');
    expect(disk.get(dates)).toBe(before);
  });

  it('is forgotten after fifty others, and the others are not', async () => {
    for (let at = 0; at < 51; at++) await apply.apply(`export const c = ${at};\n`, 'ts src/more.ts');
    const rights = executed.map(([, , right]) => (right instanceof RealUri ? apply.provideTextDocumentContent(right) : undefined));
    expect(rights.slice(0, 2)).toEqual(['', 'export const c = 1;\n']);
  });
});

describe('a new file', () => {
  it('is created where the user selects, with the path in the code as a default', async () => {
    answers.push('src/other.ts');
    await newFile('export {};\n', 'ts src/new.ts');
    expect(shown[0]).toMatchObject({ text: 'New File', detail: 'Select a location in work' });
    expect(disk.get(join(folder, 'src/other.ts'))).toBe('export {};\n');
    expect(opened).toEqual([join(folder, 'src/other.ts')]);
  });

  it('never replaces an existing file, is never outside the workspace, and warns if it controls what runs', async () => {
    const size = disk.size;
    answers.push('src/dates.ts');
    await expect(newFile('x', 'ts src/new.ts')).rejects.toThrow('The file src/dates.ts already exists.');
    answers.push('../x.ts');
    await expect(newFile('x', 'ts src/new.ts')).rejects.toThrow('../x.ts is outside the workspace folder');
    answers.push('.git/hooks/pre-commit');
    await newFile('x', 'ts src/new.ts');
    expect(shown.at(-1)?.text).toContain('.git/hooks/pre-commit can control which programs run');
    editing.isTaken = false;
    answers.push('src/new.ts');
    await expect(newFile('x', 'ts src/new.ts')).rejects.toThrow('Could not create src/new.ts. Choose another location.');
    expect(disk.size).toBe(size);
    expect(opened).toEqual([]);
  });

  it('is not created without a location', async () => {
    await newFile('x', 'ts src/new.ts');
    answers.push('  ');
    await newFile('x', 'ts src/new.ts');
    expect(disk.size).toBe(1);
  });

  it.each([
    ['ts', 'typescript'],
    ['Python', 'python'],
    ['bash', 'shellscript'],
    ['klingon', 'plaintext'],
    ['', 'plaintext'],
  ])('without a name, of “%s”, is opened as %s and written nowhere', async (info, language) => {
    await newFile('code', info);
    expect(untitled).toEqual([{ content: 'code', language }]);
    expect(disk.size).toBe(1);
  });
});

describe('code that is inserted', () => {
  it('is copied if no editor is open or editable, which is reported', async () => {
    await lastEditor.insert('one');
    putInFront(dates);
    editing.isTaken = false;
    await lastEditor.insert('two');
    expect(copied).toEqual(['one', 'two']);
    expect(shown.map(({ text }) => text)).toEqual([
      'No editor is open. The code was copied instead.',
      'The code could not be inserted into the editor. It was copied instead.',
    ]);
  });

  it('goes to the editor that came to the front since, and never to a pane of output', async () => {
    const document = putInFront(dates);
    const output = new FakeDocument(Uri.parse('output:log'), '');
    editorChanged.fire(new FakeEditor(output, new Range(0, 0, 0, 0)));
    expect(lastEditor.current?.document).toBe(document);
    const note = new FakeDocument(Uri.parse('untitled:note'), '');
    window.activeTextEditor = new FakeEditor(note, new Range(0, 0, 0, 0));
    editorChanged.fire(window.activeTextEditor);
    await lastEditor.insert('code');
    expect([note.getText(), document.getText()]).toEqual(['code', before]);
  });

  it('takes the place of what is selected in the editor that was in front last', async () => {
    const document = putInFront(dates, new Range(0, 0, 1, 0));
    await lastEditor.insert('// One.\n');
    expect(document.getText()).toBe('// One.\nexport const b = 2;\n');
    expect(document.positionAt(document.getText().length)).toEqual(new Position(2, 0));
  });
});
