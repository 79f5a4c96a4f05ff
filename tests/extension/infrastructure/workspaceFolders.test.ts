import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as vscode from 'vscode';
import {
  findFile,
  firstFolder,
  outerFolders,
  placesOf,
  workspaceFile,
  workspaceFolders,
  workspacePath,
} from '../../../extension/src/infrastructure/workspaceFolders';
import { Uri, workspace } from '../testing/vscode';

function open(...folders: [name: string, path: string][]): void {
  workspace.workspaceFolders = folders.map(([name, path]) => ({ name, uri: Uri.file(path) }));
}

describe('without a folder', () => {
  it('no path is of the workspace', () => {
    open();
    expect([workspaceFolders(), firstFolder(), placesOf('a.ts'), workspaceFile('a.ts')]).toEqual([[], undefined, [], undefined]);
    expect(workspacePath(vscode.Uri.file('/a.ts'))).toBe('/a.ts');
  });
});

describe('with one folder', () => {
  it('paths are relative to it, under any name in VS Code', () => {
    open(['Shop', '/work/shop']);
    expect(workspacePath(vscode.Uri.file('/work/shop/src/a.ts'))).toBe('src/a.ts');
    expect(workspacePath(vscode.Uri.file('/work/other/a.ts'))).toBe('/work/other/a.ts');
    expect(workspaceFile('shop/a.ts')?.fsPath).toBe('/work/shop/shop/a.ts');
    expect(placesOf('shop/a.ts')).toEqual([{ folder: '/work/shop', path: 'shop/a.ts' }]);
  });
});

describe('with several folders', () => {
  it('paths begin with the name of their folder', () => {
    open(['api', '/work/server'], ['web', '/work/site']);
    expect(workspacePath(vscode.Uri.file('/work/site/src/a.ts'))).toBe('web/src/a.ts');
    expect(workspaceFile('web/src/a.ts')?.fsPath).toBe('/work/site/src/a.ts');
    expect(workspaceFile('docs/a.ts')).toBeUndefined();
  });

  it('a path is looked for by name, then in each folder', () => {
    open(['api', '/work/server'], ['my web', '/work/site']);
    expect(placesOf('a.ts')).toEqual([
      { folder: '/work/server', path: 'a.ts' },
      { folder: '/work/site', path: 'a.ts' },
    ]);
    // Literally, and as encoded in a link.
    expect(placesOf('my web/a.ts')[0]).toEqual({ folder: '/work/site', path: 'a.ts' });
    expect(placesOf('./my%20web/a.ts:3')[0]).toEqual({ folder: '/work/site', path: 'a.ts:3' });
    expect(placesOf('%E0/a.ts')[0]).toEqual({ folder: '/work/server', path: '%E0/a.ts' });
  });

  it('names are unique and have no slashes', () => {
    open(['app', '/a/app'], ['app', '/b/app'], ['Front/End', '/c'], ['..', '/d']);
    expect(workspaceFolders().map(({ name }) => name)).toEqual(['app', 'app-2', 'Front-End', 'folder']);
  });

  it('a folder inside another one is a part of it', () => {
    open(['inner', '/work/api/inner'], ['api', '/work/api'], ['again', '/work/api']);
    expect(outerFolders()).toEqual([{ name: 'api', path: '/work/api' }]);
    expect([firstFolder(), workspacePath(vscode.Uri.file('/work/api/inner/a.ts'))]).toEqual(['/work/api', 'api/inner/a.ts']);
  });
});

describe('a file that is looked for', () => {
  let top: string;
  beforeAll(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), 'plue-folders-')));
    for (const folder of ['api', 'web']) mkdirSync(join(top, folder));
    writeFileSync(join(top, 'api', 'both.ts'), '');
    writeFileSync(join(top, 'web', 'both.ts'), '');
    writeFileSync(join(top, 'web', 'only.ts'), '');
    writeFileSync(join(top, 'outside.ts'), '');
    symlinkSync(join(top, 'outside.ts'), join(top, 'web', 'link.ts'));
  });
  afterAll(() => rmSync(top, { recursive: true, force: true }));

  it.each([
    ['both.ts', 'api/both.ts', true],
    ['web/both.ts', 'web/both.ts', true],
    ['only.ts', 'web/only.ts', true],
    ['web/link.ts', 'outside.ts', false],
    ['../outside.ts', 'outside.ts', false],
  ])('%s is %s', async (path, real, isInside) => {
    open(['api', join(top, 'api')], ['web', join(top, 'web')]);
    expect(await findFile(path)).toEqual({ real: join(top, real), isInside });
    expect(await findFile(join(top, real))).toEqual({ real: join(top, real), isInside });
  });

  it('is undefined if there is none', async () => {
    open(['api', join(top, 'api')], ['web', join(top, 'web')]);
    expect(await findFile('gone.ts')).toBeUndefined();
  });
});
