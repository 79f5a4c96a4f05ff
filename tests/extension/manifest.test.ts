import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { expect, test } from 'vitest';

const menuEntry = v.looseObject({ command: v.string(), when: v.optional(v.string()), group: v.optional(v.string()) });
const manifest = v.parse(
  v.looseObject({
    main: v.string(),
    activationEvents: v.array(v.string()),
    contributes: v.looseObject({
      commands: v.array(
        v.looseObject({ command: v.string(), title: v.string(), category: v.optional(v.string()), icon: v.optional(v.string()) }),
      ),
      menus: v.record(v.string(), v.array(menuEntry)),
      keybindings: v.array(
        v.looseObject({ command: v.string(), when: v.optional(v.string()), key: v.string(), mac: v.optional(v.string()) }),
      ),
      views: v.record(v.string(), v.array(v.looseObject({ id: v.string() }))),
      viewsWelcome: v.array(v.looseObject({ view: v.string(), when: v.string(), contents: v.string() })),
      walkthroughs: v.array(
        v.looseObject({
          id: v.string(),
          steps: v.array(
            v.looseObject({
              id: v.string(),
              description: v.string(),
              media: v.object({ svg: v.string(), altText: v.string() }),
              completionEvents: v.array(v.string()),
            }),
          ),
        }),
      ),
    }),
  }),
  translated(JSON.parse(readFileSync('package.json', 'utf8'))),
);
const words = v.parse(v.record(v.string(), v.string()), JSON.parse(readFileSync('package.nls.json', 'utf8')));
/** Returns the text that a user sees. */
const said = (text: string): string => text.replace(/^%(.+)%$/, (_, key: string) => words[key] ?? text);
const linkedFrom = (text: string): string[] => [...said(text).matchAll(/command:([\w.]+)/g)].flatMap((match) => match[1] ?? []);
/** VS Code commands that our texts link to. */
const ofVsCode = ['workbench.trust.manage', 'workbench.action.focusActiveEditorGroup'];
const { contributes } = manifest;
const contributed = contributes.commands.map(({ command }) => command).sort();

/** Returns the manifest with English texts. */
function translated(value: unknown): unknown {
  const words = v.parse(v.record(v.string(), v.string()), JSON.parse(readFileSync('package.nls.json', 'utf8')));
  const text = JSON.stringify(value).replace(/"%([\w.-]+)%"/g, (whole, key: string) => JSON.stringify(words[key] ?? whole));
  return JSON.parse(text);
}

/** Returns the values of all `export const commands = { … }` in the sources. */
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

test('Every menu entry, key and welcome link names a contributed command', () => {
  const named = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].map(({ command }) => command);
  const linked = contributes.viewsWelcome.flatMap(({ contents }) => linkedFrom(contents));
  for (const command of [...named, ...linked]) expect([...contributed, ...ofVsCode]).toContain(command);
});

/** They apply only to files of Plue, or replace an entry that names Plue. */
const entriesOfPlueOnly = ['plue.undoChange', 'plue.tryTemplate', 'plue.stopCommitMessage'];

test.each(
  ['explorer', 'editor', 'editor/title', 'terminal', 'testing/message']
    .map((menu) => `${menu}/context`)
    .concat('scm/title', 'testing/item/result'),
)('Every entry in %s names Plue, so that it differs from those of VS Code and other assistants', (menu) => {
  const shown = (contributes.menus[menu] ?? []).map(({ command }) => command).filter((command) => !entriesOfPlueOnly.includes(command));
  const titles = shown.map((command) => contributes.commands.find((contributed) => contributed.command === command)?.title);
  expect(titles).not.toEqual([]);
  for (const title of titles) expect(title).toContain('Plue');
});

test('Every step of the walkthrough has a link, a picture in the colors of the theme, and an end that can come', () => {
  const sources = readdirSync('extension/src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join('extension/src', file), 'utf8'))
    .join('\n');
  const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
  expect(steps.map(({ id }) => id)).toEqual(['provider', 'chat', 'switch', 'keys', 'agent', 'data', 'health']);
  for (const { description, media, completionEvents } of steps) {
    const links = linkedFrom(description);
    expect(links.length).toBeGreaterThan(0);
    for (const command of links) expect(contributed).toContain(command);
    expect(said(media.altText)).not.toMatch(/^%/);
    const drawing = readFileSync(media.svg, 'utf8');
    expect(drawing).toContain('var(--vscode-');
    // A fixed color would be wrong in some theme.
    expect(drawing).not.toMatch(/#[0-9a-f]{3,8}\b|rgb\(|<script|href=/i);
    for (const event of completionEvents) {
      const [kind, name] = event.split(':');
      if (kind === 'onCommand') expect(links).toContain(name);
      else expect(sources).toContain(`'${name}'`);
    }
  }
});

test('Every key of the welcome view is one that VS Code or Plue sets', () => {
  const own = readdirSync('extension/src', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(join('extension/src', file), 'utf8'))
    .join('\n');
  for (const { when } of contributes.viewsWelcome)
    for (const key of when.match(/[a-zA-Z][\w.]+/g) ?? [])
      if (!['isWorkspaceTrusted', 'workspaceFolderCount'].includes(key)) expect(own).toContain(`'${key}'`);
});

/** Default key bindings of VS Code in the editor and the window, and of assistants used together with Plue. */
const takenKeys = {
  'VS Code': [
    ...[
      'ctrl+i',
      'ctrl+b',
      'ctrl+j',
      'ctrl+p',
      'ctrl+k',
      'ctrl+n',
      'ctrl+enter',
      'ctrl+space',
      'ctrl+.',
      'ctrl+,',
      'ctrl+`',
      'ctrl+shift+p',
    ],
    ...['ctrl+shift+i', 'ctrl+shift+f', 'ctrl+shift+n', 'ctrl+shift+a', 'ctrl+shift+k', 'ctrl+shift+e', 'ctrl+shift+y', 'ctrl+shift+['],
    ...['ctrl+shift+]', 'ctrl+alt+b', 'ctrl+alt+i', 'ctrl+alt+up', 'ctrl+alt+down', 'ctrl+alt+left', 'ctrl+alt+right', 'ctrl+alt+-'],
    ...[
      'ctrl+k ctrl+i',
      'ctrl+k ctrl+c',
      'ctrl+k ctrl+u',
      'ctrl+k ctrl+x',
      'ctrl+k ctrl+s',
      'ctrl+k ctrl+m',
      'ctrl+k ctrl+t',
      'ctrl+k ctrl+o',
    ],
    ...[
      'ctrl+k ctrl+f',
      'ctrl+k ctrl+d',
      'ctrl+k ctrl+l',
      'ctrl+k ctrl+j',
      'ctrl+k ctrl+w',
      'ctrl+k ctrl+b',
      'ctrl+k ctrl+k',
      'ctrl+k ctrl+r',
    ],
    ...['ctrl+k ctrl+q', 'ctrl+k ctrl+0', 'ctrl+k ctrl+,', 'ctrl+k ctrl+.', 'f2', 'f12', 'tab', 'escape', 'delete'],
  ],
  'VS Code on macOS': [
    ...['cmd+i', 'cmd+b', 'cmd+j', 'cmd+p', 'cmd+k', 'cmd+n', 'cmd+shift+p', 'cmd+shift+i', 'cmd+alt+b', 'cmd+alt+f', 'cmd+alt+up'],
    ...['cmd+alt+down', 'cmd+alt+left', 'cmd+alt+right', 'cmd+alt+[', 'cmd+alt+]', 'cmd+alt+c', 'cmd+alt+r', 'cmd+alt+w', 'ctrl+cmd+i'],
    ...[
      'cmd+k cmd+i',
      'cmd+k cmd+c',
      'cmd+k cmd+u',
      'cmd+k cmd+x',
      'cmd+k cmd+s',
      'cmd+k cmd+m',
      'cmd+k cmd+t',
      'cmd+k cmd+f',
      'cmd+k cmd+d',
    ],
  ],
  'GitHub Copilot': [
    ...['ctrl+shift+alt+i', 'ctrl+shift+alt+l', 'ctrl+alt+/', 'ctrl+alt+enter', 'ctrl+alt+.', 'alt+[', 'alt+]', 'alt+\\'],
    ...['cmd+shift+alt+i', 'cmd+shift+alt+l', 'cmd+alt+.'],
  ],
  Cline: ["ctrl+'", "cmd+'"],
  'Claude Code': ['ctrl+escape', 'ctrl+shift+escape', 'ctrl+alt+k', 'alt+k', 'cmd+escape', 'cmd+shift+escape', 'cmd+alt+k'],
};

/** Returns the chord with its modifiers in a fixed order. */
const inOrder = (chord: string): string =>
  chord
    .split(' ')
    .map((keys) => keys.split('+').sort().join('+'))
    .join(' ');

test('No key is one of VS Code, Copilot, Cline, or Claude Code, unless it applies to what only Plue shows', () => {
  const isOfPlue = (when: string): boolean => /focusedView == plue\.|plue\.inlineEdit\.isAtCursor|plue\.isChatFocused/.test(when);
  const used = contributes.keybindings.filter(({ when = '' }) => !isOfPlue(when)).flatMap(({ key, mac }) => [key, mac ?? key]);
  expect(used.length).toBeGreaterThan(10);
  for (const [owner, keys] of Object.entries(takenKeys)) {
    const taken = keys.map(inOrder);
    expect([owner, used.filter((key) => taken.includes(inOrder(key)))]).toEqual([owner, []]);
  }
});

test('Every menu entry and every key has a when clause', () => {
  const always = [...Object.values(contributes.menus).flat(), ...contributes.keybindings].filter(({ when }) => when === undefined);
  expect(always).toEqual([]);
});

test('Commands in a toolbar or in a row have an icon', () => {
  const isIcon = ({ group }: { group?: string | undefined }): boolean => /^(navigation|inline)/.test(group ?? '');
  const shown = ['view/title', 'editor/title', 'view/item/context'].flatMap((menu) => contributes.menus[menu]?.filter(isIcon) ?? []);
  const iconOf = (id: string): string | undefined => contributes.commands.find(({ command }) => command === id)?.icon;
  expect(shown.length).toBeGreaterThan(20);
  for (const { command } of shown) expect(`${command}: ${iconOf(command)}`).toMatch(/: \$\([a-z-]+\)$/);
});

test('The palette never offers two commands of the same name', () => {
  const inPalette = Object.fromEntries((contributes.menus['commandPalette'] ?? []).map(({ command, when }) => [command, when]));
  const names = contributes.commands.map(({ command, title }) => `${title} when ${inPalette[command] ?? 'always'}`);
  expect(names.filter((name, at) => !name.endsWith(' when false') && names.indexOf(name) !== at)).toEqual([]);
  expect(contributes.commands.filter(({ category }) => category !== 'Plue')).toEqual([]);
});

test('An untrusted folder and a virtual one are limited, each with a description', () => {
  const limited = v.object({ supported: v.literal('limited'), description: v.pipe(v.string(), v.minLength(40)) });
  v.parse(v.object({ untrustedWorkspaces: limited, virtualWorkspaces: limited }), manifest['capabilities']);
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
  // The location of chats and the trace level are harmless, and traces of the vault are masked. Languages can only be turned off.
  expect(writable.map(([name]) => name).sort()).toEqual(['plue.chat.location', 'plue.completions.languages', 'plue.trace.server']);
});

test('SEC-07 Nothing answers an address that another program opens', () => {
  expect(manifest.activationEvents.filter((event) => event.startsWith('onUri'))).toEqual([]);
  const sources = readdirSync('extension/src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  expect(sources.filter((file) => /registerUriHandler/.test(readFileSync(join('extension/src', file), 'utf8')))).toEqual([]);
});
