// `npm run check`: formatting, analyzers, types, lint, layers and house rules of both languages. Each check runs to its end and is told in a line with what mends it.
import { parseArgs } from 'node:util';
import { buildExtension, installPackages } from './lib/build.mjs';
import { inArtifacts, inRoot } from './lib/paths.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { runMain, say, step } from './lib/progress.mjs';
import { run, runOrStop } from './lib/run.mjs';

const tool = (/** @type {string[]} */ ...path) => inRoot('node_modules', ...path);
const houseTests = ['LayeringTests', 'HouseRulesTests', 'SecurityRowsTests', 'TypeScriptProtocolTests', 'TemplateSchemaTests'];

/** @type {{title: string, mend: string, command: string, args: string[]}[]} */
const checks = [
  {
    title: 'C# formatting and analyzers',
    mend: '`npm run format` mends most of it.',
    command: 'dotnet',
    args: ['format', 'plue-vscode.sln', '--verify-no-changes', '--no-restore', '--severity', 'warn'],
  },
  {
    title: 'TypeScript types',
    mend: 'The line and the reason are above.',
    command: process.execPath,
    args: [tool('typescript', 'bin', 'tsc'), '--noEmit'],
  },
  {
    title: 'TypeScript lint and layers',
    mend: '`npx eslint --fix .` mends some of it; who may import whom is in ARCHITECTURE.md.',
    command: process.execPath,
    args: [tool('eslint', 'bin', 'eslint.js'), '.', '--max-warnings', '0'],
  },
  {
    title: 'Formatting',
    mend: '`npm run format` mends it.',
    command: process.execPath,
    args: [tool('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  },
  {
    title: 'C# layers, house rules and generated files',
    mend: 'The rule is the name of the test; `npm run update` rewrites what is generated.',
    command: 'dotnet',
    args: [
      inArtifacts('bin', 'Plue.Server.Tests', 'debug', 'Plue.Server.Tests.dll'),
      ...houseTests.flatMap((name) => ['-class', `*.${name}`]),
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
  // A build without analyzers counts as current, so this one starts anew.
  await step('Building the C# tests with analyzers', () =>
    runOrStop('dotnet', ['build', 'tests/Plue.Server.Tests', '-v', 'q', '--nologo', '--no-incremental']),
  );
  let failed = 0;
  for (const { title, mend, command, args } of checks) {
    const began = performance.now();
    const { code, output } = await step(title, () => run(command, args));
    const seconds = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    say(code === 0 ? `ok      ${title} (${seconds})` : `${output.trimEnd()}\nFAILED  ${title} (${seconds}). ${mend}`);
    if (code !== 0) failed++;
  }
  if (failed > 0) say(`\n${failed} of ${checks.length} checks failed.`);
  return failed > 0 ? 1 : 0;
});
