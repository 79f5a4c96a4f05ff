// `npm run check`: formatting, lint and types of both languages. Each check runs to its end, then all findings are told. `npm run format` fixes what can be.
import { build, installPackages } from './lib/build.mjs';
import { inRoot } from './lib/paths.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { runMain, say, step } from './lib/progress.mjs';
import { run, runOrStop } from './lib/run.mjs';

const tool = (/** @type {string[]} */ ...path) => inRoot('node_modules', ...path);
const checks = [
  {
    title: 'C# formatting and style',
    command: 'dotnet',
    args: ['format', 'plue-vscode.sln', '--verify-no-changes', '--no-restore', '--severity', 'warn'],
  },
  { title: 'Types', command: process.execPath, args: [tool('typescript', 'bin', 'tsc'), '--noEmit'] },
  { title: 'Lint', command: process.execPath, args: [tool('eslint', 'bin', 'eslint.js'), '.', '--max-warnings', '0'] },
  {
    title: 'Formatting',
    command: process.execPath,
    args: [tool('prettier', 'bin', 'prettier.cjs'), '--check', '--log-level', 'warn', '.'],
  },
];

await runMain(async () => {
  requireNode();
  await requireDotnet();
  await installPackages();
  await build();
  await step('Restoring the C# packages', () => runOrStop('dotnet', ['restore', 'plue-vscode.sln', '-v', 'q', '--nologo']));
  let failed = 0;
  for (const { title, command, args } of checks) {
    const { code, output } = await step(title, () => run(command, args));
    say(code === 0 ? `ok      ${title}` : `FAILED  ${title}\n${output.trimEnd()}`);
    if (code !== 0) failed++;
  }
  if (failed > 0) say(`\n${failed} of ${checks.length} checks failed. \`npm run format\` fixes formatting.`);
  return failed > 0 ? 1 : 0;
});
