import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { expect, test } from 'vitest';

const menuEntry = v.looseObject({ command: v.string(), when: v.optional(v.string()) });
const manifest = v.parse(
  v.looseObject({
    main: v.string(),
    activationEvents: v.array(v.string()),
    contributes: v.looseObject({
      commands: v.array(v.looseObject({ command: v.string(), title: v.string() })),
      menus: v.record(v.string(), v.array(menuEntry)),
      keybindings: v.array(menuEntry),
      views: v.record(v.string(), v.array(v.looseObject({ id: v.string() }))),
      viewsWelcome: v.array(v.looseObject({ view: v.string(), contents: v.string() })),
    }),
  }),
  JSON.parse(readFileSync('package.json', 'utf8')),
);
const { contributes } = manifest;
const contributed = contributes.commands.map(({ command }) => command).sort();

/** The values of every `export const commands = { … }` in the sources. */
function registered(): string[] {
  return readdirSync('extension/src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const block = /export const commands = \{(.*?)\} as const;/s.exec(readFileSync(join('extension/src', file), 'utf8'))?.[1] ?? '';
      return [...block.matchAll(/'(plue\.[\w.]+)'/g)].flatMap((match) => (match[1] === undefined ? [] : [match[1]]));
    })
    .sort();
}

test('Every contributed command is registered, and every registered one is contributed', () => {
  expect(registered()).toEqual(contributed);
});

test('The ids that this version promises are there', () => {
  const promised = [
    'newChat',
    'openChat',
    'stop',
    'configureProviderKey',
    'removeProviderKey',
    'checkClaudeCodeAuth',
    'manageProviders',
    'openSettings',
    'newTask',
    'newTemplate',
    'tryTemplate',
    'checkTemplates',
    'usage',
    'showLog',
    'restartServer',
  ];
  expect(contributed).toEqual(expect.arrayContaining(promised.map((name) => `plue.${name}`)));
  expect(contributes.views['plue']?.map((view) => view.id)).toEqual(['plue.chatChannels', 'plue.approvals']);
});

test('Every menu entry, key and welcome link names a contributed command', () => {
  const named = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map(({ command }) => command);
  const linked = contributes.viewsWelcome.flatMap(({ contents }) => [...contents.matchAll(/command:([\w.]+)/g)].map((match) => match[1]));
  for (const command of [...named, ...linked]) expect(contributed).toContain(command);
});

test('Commands that need a row or a provider stay out of the command palette', () => {
  const needsOne = (command: string): boolean =>
    /^plue\.(channels\.(open|stop|restore|showMore)|tasks\..*|openCodex|allowKey)$/.test(command);
  const hidden = contributes.menus['commandPalette']?.filter(({ when }) => when === 'false').map(({ command }) => command);
  expect(hidden?.sort()).toEqual(contributed.filter(needsOne));
});

test.each(['chat', 'item', 'search', 'settings', 'trial', 'usage'])('A restored %s panel wakes the extension', (name) => {
  expect(manifest.activationEvents).toContain(`onWebviewPanel:plue.${name}`);
});

test('A row has at most two inline actions', () => {
  const inline =
    contributes.menus['view/item/context']?.filter(({ group }) => typeof group === 'string' && group.startsWith('inline')) ?? [];
  const matches = (when: string, item: string): boolean => {
    const patterns = [...when.matchAll(/(!\()?viewItem =~ \/(.*?)\//g)];
    return patterns.length > 0 && patterns.every(([, not, pattern = '']) => new RegExp(pattern).test(item) === (not === undefined));
  };
  for (const item of [
    'chat',
    'chat pinned',
    'chat pinned unread',
    'archivedChat',
    'archivedChat unread',
    'task',
    'task unread working running',
    'task working asks',
    'task overBudget',
    'task resumable',
    'task unread',
    'archivedTask',
  ]) {
    const actions = inline.filter(({ when }) => when !== undefined && matches(when, item)).length;
    expect(actions).toBeGreaterThan(0);
    expect(actions).toBeLessThanOrEqual(2);
  }
});

test('SEC-06 No setting that a workspace can write reaches a program, an address or a right', () => {
  const { configuration } = v.parse(
    v.looseObject({ configuration: v.looseObject({ properties: v.record(v.string(), v.looseObject({ scope: v.optional(v.string()) })) }) }),
    contributes,
  );
  const writable = Object.entries(configuration.properties).filter(([, { scope }]) => scope !== 'machine' && scope !== 'application');
  // How much is traced reaches nothing, and what is traced of the vault is masked.
  expect(writable.map(([name]) => name)).toEqual(['plue.trace.server']);
});

test('SEC-07 Nothing answers an address that another program opens', () => {
  expect(manifest.activationEvents.filter((event) => event.startsWith('onUri'))).toEqual([]);
  const sources = readdirSync('extension/src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  expect(sources.filter((file) => /registerUriHandler/.test(readFileSync(join('extension/src', file), 'utf8')))).toEqual([]);
});
