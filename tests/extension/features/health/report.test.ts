import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reportOf, rowOf, withTilde, wrapped } from '../../../../extension/src/features/health/report';
import type { HealthAction, HealthRowView } from '../../../../extension/src/protocol/protocol.generated';

const provider: HealthRowView = {
  name: 'Provider house',
  state: 'missing',
  isRequired: false,
  message: 'House has no key yet.',
  advice: 'Store a key, or sign in.',
  fix: { action: 'setKey', target: 'house' },
};

test('A row shows its state by a sign and in words, with advice below', () => {
  const { text, placed } = reportOf({ isHealthy: false, version: '1.2.3', rows: [rowOf(provider)] });
  expect(text.split('\n')).toEqual([
    'Plue is missing a required component.',
    '',
    '- Provider house (missing)',
    '    House has no key yet.',
    '    Store a key, or sign in.',
    '',
    'Plue 1.2.3. This report contains no keys.',
    '',
  ]);
  expect(placed.map(({ line }) => line)).toEqual([2]);
  expect(placed[0]?.row.fixes).toEqual([{ title: 'Set Key…', command: 'plue.manageProviders', arguments: ['house'] }]);
});

test('The first line of a report names warnings and what is missing', () => {
  const first = (...states: HealthRowView['state'][]): string | undefined =>
    reportOf({ isHealthy: true, version: '1', rows: states.map((state) => rowOf({ ...provider, state })) }).text.split('\n')[0];
  expect(first('ok')).toBe('No problems found.');
  expect(first('ok', 'warning', 'missing')).toBe('Plue is working, with 1 warning.');
  expect(first('warning', 'failed', 'warning')).toBe('Plue is working, with 2 warnings and 1 failed check.');
  expect(first('ok', 'missing')).toBe('No problems found. An optional component is missing.');
});

test('A report without a sidecar shows only what is known', () => {
  expect(reportOf({ isHealthy: false, version: undefined, rows: [] }).text).toBe('Plue is missing a required component.\n');
});

test('Everything that can help is a command of Plue’s manifest or of VS Code', () => {
  const contributed = JSON.stringify(JSON.parse(readFileSync('package.json', 'utf8')));
  const actions: HealthAction[] = [
    'connectProvider',
    'setKey',
    'testProvider',
    'showProvider',
    'unlockVault',
    'checkClaudeCode',
    'openFile',
    'manageServers',
    'trustFolder',
    'openSettings',
    'showRules',
  ];
  for (const action of actions) {
    const [fix] = rowOf({ ...provider, fix: { action, target: '/home/user/file' } }).fixes;
    const command = fix?.command ?? '';
    if (command.startsWith('plue.')) expect(contributed).toContain(`"command":"${command}"`);
    else expect(['vscode.open', 'workbench.trust.manage']).toContain(command);
  }
});

test('Lines of a long sentence contain all of it and fit a report', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z.]{1,40}$/), { minLength: 1, maxLength: 60 }), (words) => {
      const lines = wrapped(words.join(' '));
      expect(lines.map((line) => line.trim()).join(' ')).toBe(words.join(' '));
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(84);
    }),
  );
});

test.each([
  ['It is in /home/me.', '/home/me', 'It is in ~.'],
  ['/home/me/.plue and /home/me/x', '/home/me', '~/.plue and ~/x'],
  ['/home/melanie/.plue', '/home/me', '/home/melanie/.plue'],
  ['/home/me.old', '/home/me', '/home/me.old'],
  ['x/home/me', '/home/me', 'x/home/me'],
  ['/home/me/x', '/home/me/', '~/x'],
  ['/etc/hosts', '/', '/etc/hosts'],
  ['/etc/hosts', '', '/etc/hosts'],
  ['C:\\Users\\me (old)\\x', 'C:\\Users\\me (old)', '~\\x'],
])('“%s” with the user’s folder %s is shown as “%s”, as the sidecar shows it', (text, folder, expected) => {
  expect(withTilde(text, folder)).toBe(expected);
});
