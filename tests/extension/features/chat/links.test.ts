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

test('A path of the workspace is a file, with its line', () => {
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
  expect(fake.shown[0]?.text).toContain('points outside the workspace folder');

  await openLink('date.ts');
  expect(fake.opened).toEqual([join(folder, 'date.ts')]);
});

test('In an untrusted folder no file of it is touched', async () => {
  fake.workspace.workspaceFolders = [{ uri: fake.Uri.file(tmpdir()) }];
  fake.workspace.isTrusted = false;
  await openLink('whatever');
  expect(fake.opened).toEqual([]);
  expect(fake.shown[0]?.text).toContain('isn’t trusted');
});

test.each([
  'https://example.org/a%2Fb?q=1%262%2B3%20%25#%C3%A4',
  'http://127.0.0.1:8080/?to=https%3A%2F%2Fexample.org',
  'mailto:a@example.org?subject=1%262',
])('An address is opened exactly as it is written: %s', async (href) => {
  await openLink(href);
  expect(fake.opened).toEqual([href]);
  expect(fake.shown).toEqual([]);
});

test.each([
  ['https://github.com@evil.example/plue', 'evil.example'],
  ['https://github.com%2Fplue:x@evil.example/', 'evil.example'],
  ['https://github.com\\@evil.example/', 'github.com'],
  ['https://gith\u200Bub.com/', 'github.com'],
  ['https://example.org/%E2%80%AEgnp.exe', 'example.org'],
  ['https://ex\u0430mple.org/', 'xn--exmple-4nf.org'],
])('An address that may be taken for another, %j, is shown with its host, %s, before it is opened', async (href, host) => {
  await openLink(href);
  expect(fake.opened).toEqual([]);
  expect(fake.shown).toMatchObject([{ kind: 'warning', text: `Open the link to ${host}?`, buttons: ['Open Link'] }]);
  expect(fake.shown[0]?.detail).not.toMatch(/[\u200B\u202E]/);
  fake.answers.push('Open Link');
  await openLink(href);
  expect(fake.opened).toEqual([href]);
});
