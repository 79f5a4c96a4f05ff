// Facts that documents copy from the code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { document, root } from './documents';

const source = (path: string): string => readFileSync(join(root, 'server', 'Plue.Server', path), 'utf8');

test('docs/permissions.md names each built-in tool', () => {
  const tools = [...source('Templates/ToolNames.cs').matchAll(/^ {8}new\("([a-z_]+)"/gm)].map((match) => match[1] ?? '');
  expect(tools.length).toBeGreaterThan(5);
  const { prose } = document('docs/permissions.md');
  expect(tools.filter((tool) => !prose.includes(`\`${tool}\``))).toEqual([]);
});

test('CHANGELOG.md counts the environment variables that hold keys', () => {
  const variables = [...source('Vault/EnvironmentKeys.cs').matchAll(/^ {8}\["([A-Z_]+)"\] = /gm)];
  expect(readFileSync(join(root, 'CHANGELOG.md'), 'utf8')).toContain(`(${variables.length} environment variables are recognized)`);
});

test('docs/budgets.md names the limits of agents and rounds', () => {
  const limit = (path: string, name: string): string => new RegExp(`const int ${name} = (\\d+);`).exec(source(path))?.[1] ?? 'none';
  const prose = document('docs/budgets.md').prose.replaceAll(/\s+/g, ' ');
  expect(prose).toContain(
    `asks the model at most ${limit('Chat/Rounds.cs', 'Most')} times, in a task without a limit of rounds ${limit('Chat/Rounds.cs', 'MostOfTask')} times`,
  );
  expect(prose).toContain(
    `at most ${limit('Agents/TaskSpawner.cs', 'MostInTree')} tasks, ${limit('Agents/TaskSpawner.cs', 'Deepest')} deep`,
  );
  expect(prose).toContain(`at most ${limit('Agents/ProviderSlots.cs', 'Hosted')} children work at one provider`);
});
