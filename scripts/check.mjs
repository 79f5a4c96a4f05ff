// `npm run check`: checks formatting, analyzers, types, lint, layers, and code conventions of both languages. Prints one line for each check, with a way to fix
// problems.
import { parseArgs } from 'node:util';
import { buildExtension, installPackages } from './lib/build.mjs';
import { inArtifacts, inRoot } from './lib/paths.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { runMain, say, step } from './lib/progress.mjs';
import { run, runOrStop } from './lib/run.mjs';

const tool = (/** @type {string[]} */ ...path) => inRoot('node_modules', ...path);
const conventionTests = ['LayeringTests', 'ConventionTests', 'SecurityRowsTests', 'TypeScriptProtocolTests', 'TemplateSchemaTests'];

/** @type {{title: string, fix: string, command: string, args: string[]}[]} */
const checks = [
  {
    title: 'C# formatting',
    fix: '`npm run format` fixes it.',
    command: 'dotnet',
    args: ['csharpier', 'check', '.'],
  },
  {
    title: 'TypeScript types',
    fix: 'See the line and the reason above.',
    command: process.execPath,
    args: [tool('typescript', 'bin', 'tsc'), '--noEmit'],
  },
  {
    title: 'TypeScript lint and layers',
    fix: '`npx eslint --fix .` fixes some problems; ARCHITECTURE.md lists allowed imports.',
    command: process.execPath,
    args: [tool('eslint', 'bin', 'eslint.js'), '.', '--max-warnings', '0'],
  },
  {
    title: 'Formatting',
    fix: '`npm run format` fixes it.',
    command: process.execPath,
    args: [tool('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  },
  {
    title: 'C# layers, code conventions and generated files',
    fix: 'The test name states the rule; `npm run update` rewrites generated files.',
    command: 'dotnet',
    args: [
      inArtifacts('bin', 'Plue.Server.Tests', 'debug', 'Plue.Server.Tests.dll'),
      ...conventionTests.flatMap((name) => ['-class', `*.${name}`]),
    ],
  },
];

await runMain(async () => {
  parseArgs({});
  requireNode();
  await requireDotnet();
  await installPackages();
  process.env.PLUE_ANALYZE = 'true';
  await step('Building the extension', () => buildExtension());
  await step('Restoring the C# packages', () => runOrStop('dotnet', ['restore', 'plue-vscode.sln', '-v', 'q', '--nologo']));
  await step('Restoring the C# formatter', () => runOrStop('dotnet', ['tool', 'restore']));
  // Not incremental, because a build without analyzers would count as current.
  await step('Building the C# tests with analyzers', () =>
    runOrStop('dotnet', ['build', 'tests/Plue.Server.Tests', '-v', 'q', '--nologo', '--no-incremental']),
  );
  let failed = 0;
  for (const { title, fix, command, args } of checks) {
    const began = performance.now();
    const { code, output } = await step(title, () => run(command, args));
    const seconds = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    say(code === 0 ? `ok      ${title} (${seconds})` : `${output.trimEnd()}\nFAILED  ${title} (${seconds}). ${fix}`);
    if (code !== 0) failed++;
  }
  if (failed > 0) say(`\n${failed} of ${checks.length} checks failed.`);
  return failed > 0 ? 1 : 0;
});
