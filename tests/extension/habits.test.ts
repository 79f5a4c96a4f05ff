import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import * as v from 'valibot';

const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const scripts = (): string[] =>
  Object.keys(v.parse(v.looseObject({ scripts: v.record(v.string(), v.string()) }), json('package.json')).scripts);

const Launch = v.looseObject({
  configurations: v.array(
    v.looseObject({
      name: v.string(),
      type: v.string(),
      request: v.string(),
      program: v.optional(v.string()),
      preLaunchTask: v.optional(v.string()),
    }),
  ),
  compounds: v.array(v.looseObject({ name: v.string(), configurations: v.array(v.string()) })),
});
const Tasks = v.looseObject({ tasks: v.array(v.looseObject({ label: v.string(), type: v.string(), script: v.optional(v.string()) })) });

test('F5 starts the extension, a file of tests, a class of tests and a scenario, from what is there', () => {
  const { configurations, compounds } = v.parse(Launch, json('.vscode/launch.json'));
  const { tasks } = v.parse(Tasks, json('.vscode/tasks.json'));
  expect(configurations.map(({ name }) => name)).toEqual([
    'Extension + local sidecar',
    'Attach to the sidecar',
    'This vitest file',
    'This class of C# tests',
    'This scenario through VS Code',
  ]);
  for (const { preLaunchTask, program } of configurations) {
    if (preLaunchTask !== undefined) expect(tasks.map(({ label }) => label)).toContain(preLaunchTask);
    const path = program?.replace('${workspaceFolder}/', '') ?? 'package.json';
    // What is built or installed may not be there yet; its name is that of a project or a package.
    if (path.startsWith('artifacts/')) expect(existsSync(`tests/${basename(path, '.dll')}`)).toBe(true);
    else expect(existsSync(path)).toBe(true);
  }
  for (const compound of compounds)
    for (const part of compound.configurations) expect(configurations.map(({ name }) => name)).toContain(part);
  for (const { type, script } of tasks) if (type === 'npm') expect(scripts()).toContain(script);
});

test('The container has what the tests use', () => {
  const container = v.parse(
    v.looseObject({
      build: v.looseObject({ dockerfile: v.string() }),
      features: v.record(v.string(), v.unknown()),
      postCreateCommand: v.string(),
    }),
    json('.devcontainer/devcontainer.json'),
  );
  const recipe = readFileSync(`.devcontainer/${container.build.dockerfile}`, 'utf8');
  for (const program of ['bubblewrap', 'chromium', 'ripgrep', 'strace', 'openssl', 'git'])
    expect(recipe).toMatch(new RegExp(`\\b${program}\\b`, 'u'));
  expect(recipe).toMatch(/^FROM \S+dotnet:\S*10\.0$/mu);
  expect(Object.keys(container.features).join()).toContain('node:1');
  for (const [, script = ''] of container.postCreateCommand.matchAll(/npm run (\S+)/gu)) expect(scripts()).toContain(script);
});

test('Settings and extensions of a contributor are plain JSON', () => {
  expect(v.parse(v.looseObject({ recommendations: v.array(v.string()) }), json('.vscode/extensions.json')).recommendations).toContain(
    'ms-dotnettools.csharp',
  );
  expect(v.parse(v.record(v.string(), v.unknown()), json('.vscode/settings.json'))['files.eol']).toBe('\n');
});

test('There is a form for each kind of issue, and one that asks for a key there is not', () => {
  const forms = readdirSync('.github/ISSUE_TEMPLATE').sort();
  expect(forms).toEqual(['bug.yml', 'config.yml', 'feature.yml', 'provider.yml']);
  for (const form of forms.filter((name) => name !== 'config.yml')) {
    const text = readFileSync(`.github/ISSUE_TEMPLATE/${form}`, 'utf8');
    expect(text).toMatch(/^name: .+\ndescription: .+\nlabels: \[\w+\]\nbody:\n/u);
    expect(text).not.toMatch(/\t|your (?:API )?key/iu);
    const ids = [...text.matchAll(/^ {4}id: (\w+)$/gmu)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  }
});

test('Every command that AGENTS.md names is there', () => {
  const text = readFileSync('AGENTS.md', 'utf8');
  for (const [, script = ''] of text.matchAll(/npm run (\w+)/gu)) expect(scripts()).toContain(script);
  for (const [, path = ''] of text.matchAll(/(?:vitest run|node) ((?:tests|scripts)\/\S+?)[` ]/gu)) expect(existsSync(path)).toBe(true);
  for (const [, path = ''] of text.matchAll(/`((?:server|tests|extension|schemas|prompts|templates|scripts)\/[\w/.-]*)`/gu))
    expect(existsSync(path.replace(/\/$/u, '')), path).toBe(true);
});

test('Dependencies of npm, NuGet and the workflows are looked at each week, in a group each', () => {
  const text = readFileSync('.github/dependabot.yml', 'utf8');
  for (const ecosystem of ['npm', 'nuget', 'github-actions']) expect(text).toContain(`package-ecosystem: ${ecosystem}\n`);
  expect(text.match(/interval: weekly/gu)).toHaveLength(3);
  expect(text.match(/groups:/gu)).toHaveLength(3);
});
