// Facts that documents copy from the code.
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
    `at most ${limit('Agents/TaskSpawner.cs', 'MostInTree')} tasks, ${limit('Agents/TaskSpawner.cs', 'Deepest')} deep`,
  );
  expect(prose).toContain(`at most ${limit('Agents/ProviderSlots.cs', 'Hosted')} children work at one provider`);
});
