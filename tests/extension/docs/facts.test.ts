// Checks facts that documents repeat from the code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { document, root } from './documents';

const source = (path: string): string => readFileSync(join(root, 'server', 'Plue.Server', path), 'utf8');

test('docs/budgets.md names the limits of agents and rounds', () => {
  const limit = (path: string, name: string): string => new RegExp(`const int ${name} = (\\d+);`).exec(source(path))?.[1] ?? 'none';
  const prose = document('docs/budgets.md').prose.replaceAll(/\s+/g, ' ');
  expect(prose).toContain(
    `asks the model at most ${limit('Chat/ToolRounds.cs', 'MaxRounds')} times, in a task without a limit of rounds ${limit('Chat/ToolRounds.cs', 'MaxTaskRounds')} times`,
  );
  expect(prose).toContain(
    `at most ${limit('Agents/TaskSpawner.cs', 'MaxTasksInTree')} tasks, ${limit('Agents/TaskSpawner.cs', 'MaxDepth')} deep`,
  );
  expect(prose).toContain(`at most ${limit('Agents/ProviderSlots.cs', 'Hosted')} children work at one provider`);
});

test('docs/records.md lists every record, event and error', () => {
  const sources: [string, RegExp][] = [
    ['Store/StoredRecord.cs', /Type => "([a-z_]+)"/g],
    ['Store/VersionTrail.cs', /Type => "([a-z_]+)"/g],
    ['../Plue.Protocol/MessageProtocol.cs', /\[JsonDerivedType\(typeof\((?!\w+Part\))\w+\), "(\w+)"\)\]/g],
    ['Messages/Failure.cs', /^ {4}([A-Z]\w+),$/gm],
  ];
  const names = sources.flatMap(([path, pattern]) => {
    const found = [...source(path).matchAll(pattern)].map((match) => match[1] ?? '');
    expect(found, path).not.toEqual([]);
    return found.map((name) => name.charAt(0).toLowerCase() + name.slice(1));
  });
  const prose = document('docs/records.md').prose;
  expect(names.filter((name) => !prose.includes(`\`${name}\``))).toEqual([]);
});

test('docs/records.md lists the code of each error as the sidecar sends it', () => {
  const sent = [...source('Rpc/RpcErrors.cs').matchAll(/^ +FailureKind\.(\w)(\w+) => (-33\d{3}),$/gm)].map(
    ([, first = '', rest = '', code]) => `${code} ${first.toLowerCase()}${rest}`,
  );
  const listed = [...document('docs/records.md').prose.matchAll(/^\| (-33\d{3}) \| `(\w+)` \|/gm)].map(
    ([, code, kind]) => `${code} ${kind}`,
  );
  expect(sent.length).toBeGreaterThan(20);
  expect(listed).toEqual(sent);
});

test('The health report uses the same sentences in a shell as in VS Code', () => {
  const shell = source('Cli/HealthCommand.cs');
  const window = readFileSync(join(root, 'extension/src/features/health/report.ts'), 'utf8');
  const shared = [
    'Plue is missing a required component.',
    'No problems found.',
    'No problems found. An optional component is missing.',
    'Plue is working, with ',
    '1 warning',
    '1 failed check',
  ];
  expect(shared.filter((text) => !shell.includes(text) || !window.includes(text))).toEqual([]);
});
