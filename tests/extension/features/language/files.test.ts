import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codexOf, isOurs } from '../../../../extension/src/features/language/files';
import { plueHome } from '../../../../extension/src/server/plueHome';

const at = (scheme: string, path: string) => ({ scheme, path, fsPath: path });

test('The home is PLUE HOME, or else in the user folder', () => {
  expect(plueHome({ PLUE_HOME: '/data/plue' })).toBe('/data/plue');
  expect(plueHome({ PLUE_HOME: ' ' })).toBe(join(homedir(), '.plue'));
  expect(plueHome({})).toBe(join(homedir(), '.plue'));
});

test.each([
  ['file', '/data/plue/templates/a.json5', true],
  ['file', '/data/plue/providers/a.json5', true],
  ['file', '/data/plue/items/a.json5', true],
  ['file', '/data/plue/items/deep/a.json5', false],
  ['file', '/data/plue/itemsOther/a.json5', false],
  ['file', '/data/plue/config.json5', false],
  ['file', '/data/plue/templates/a.json', false],
  ['file', '/data/plueOther/templates/a.json5', false],
  ['git', '/data/plue/templates/a.json5', false],
  ['plue-codex', '/templates/task.json5', true],
  ['plue-codex', '/prompts/title.md', false],
  ['plue-version', '/1/soup.json5', true],
])('%s:%s is colored as one of ours: %s', (scheme, path, expected) => expect(isOurs(at(scheme, path), '/data/plue')).toBe(expected));

test('Only shipped documents are shown by their address', () => {
  expect(codexOf(at('plue-codex', '/templates/task.json5'))).toBe('codex://templates/task');
  expect(codexOf(at('plue-codex', '/prompts/default-assistant.md'))).toBe('codex://prompts/default-assistant');
  for (const path of ['/templates/../x.json5', '/templates/a/b.json5', '/templates/.json5', 'templates/a.json5', '/templates/a']) {
    expect(codexOf(at('plue-codex', path))).toBeUndefined();
  }
  expect(codexOf(at('file', '/templates/task.json5'))).toBeUndefined();
});
