import { mkdtempSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { linkTarget, openLink } from '../../../../extension/src/features/chat/links';
import * as fake from '../../testing/vscode';

beforeEach(() => fake.reset());

test('Web and mail links leave through VS Code', () => {
  for (const href of ['https://example.org/a?b#c', 'http://example.org', 'mailto:a@example.org']) {
    expect(linkTarget(href, undefined)).toEqual({ type: 'external', href });
  }
});

test('No other scheme is followed', () => {
  for (const href of [
    'command:workbench.action.quit',
    'file:///etc/passwd',
    'vscode://x/y',
    'javascript:alert(1)',
    'data:text/html,x',
    'JAVASCRIPT:x',
    'C:/Windows',
  ]) {
    expect(linkTarget(href, '/work')).toBeUndefined();
  }
});

test('A path of the open folder is a file, with its line', () => {
  expect(linkTarget('src/date.ts', '/work')).toEqual({ type: 'file', path: '/work/src/date.ts' });
  expect(linkTarget('src/date.ts:12', '/work')).toEqual({ type: 'file', path: '/work/src/date.ts', line: 12 });
  expect(linkTarget('./src/date.ts#L7-L9', '/work')).toEqual({ type: 'file', path: '/work/src/date.ts', line: 7 });
  expect(linkTarget('a%20b.ts', '/work')).toEqual({ type: 'file', path: '/work/a b.ts' });
});

test('A path that leaves the folder is not followed', () => {
  for (const href of ['../secret', '/etc/passwd', 'src/../../secret', '%2e%2e/secret', '%2Fetc/passwd', '//host/share', '..\\secret', '']) {
    expect(linkTarget(href, '/work')).toBeUndefined();
  }
  expect(linkTarget('src/date.ts', undefined)).toBeUndefined();
});

test('A symbolic link out of the folder is not opened, a file inside is', async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'plue-links-')));
  const folder = join(root, 'work');
  mkdirSync(folder);
  writeFileSync(join(root, 'secret'), 'x');
  writeFileSync(join(folder, 'date.ts'), 'x');
  symlinkSync(join(root, 'secret'), join(folder, 'out'));
  fake.workspace.workspaceFolders = [{ uri: fake.Uri.file(folder) }];

  await openLink('out');
  expect(fake.opened).toEqual([]);
  expect(fake.shown[0]?.text).toContain('leads out of the open folder');

  await openLink('date.ts');
  expect(fake.opened).toEqual([join(folder, 'date.ts')]);
});

test('In an untrusted folder no file of it is touched', async () => {
  fake.workspace.workspaceFolders = [{ uri: fake.Uri.file(tmpdir()) }];
  fake.workspace.isTrusted = false;
  await openLink('whatever');
  expect(fake.opened).toEqual([]);
  expect(fake.shown[0]?.text).toContain('not trusted');
});
