// `npm run mutate -- Permissions [GuardedPaths.cs]`: changes one room of the sidecar in small ways and looks whether the room's own tests notice (Stryker.NET).
// It is slow: each change that some test reaches is a run of those tests. The report, and what survived, goes to artifacts/mutation/ROOM.
// The runner is Microsoft's testing platform: Stryker's other one does not understand xunit.v3. Only the room's tests are built (PLUE_TEST_ROOM), from a
// copy of the checkout, so that nothing here is changed while it runs.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { inArtifacts, inRoot, root } from './lib/paths.mjs';
import { requireDotnet } from './lib/prerequisites.mjs';
import { Stop, runMain, say } from './lib/progress.mjs';
import { runOrStop } from './lib/run.mjs';

const rooms = ['Permissions', 'Vault', 'Store'];
const copied = [
  '.config',
  '.editorconfig',
  'server',
  'templates',
  'prompts',
  'schemas',
  'plue-vscode.sln',
  'BannedSymbols.txt',
  'Directory.Build.props',
  'Directory.Packages.props',
  'tests',
];

await runMain(async () => {
  const [room = '', file = '*.cs'] = parseArgs({ allowPositionals: true }).positionals;
  if (!rooms.includes(room)) throw new Stop(`Name a room: ${rooms.join(', ')}. And, where wanted, one of its files.`);
  await requireDotnet();
  const copy = inArtifacts('mutation', 'checkout');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of copied.filter((name) => existsSync(inRoot(name)))) cpSync(inRoot(name), join(copy, name), { recursive: true });
  const reports = inArtifacts('mutation', room);
  const options = { cwd: join(copy, 'tests', 'Plue.Server.Tests'), env: { PLUE_TEST_ROOM: room }, show: true };
  await runOrStop('dotnet', ['tool', 'restore'], options);
  await runOrStop(
    'dotnet',
    [
      ...['stryker', '--project', 'Plue.Server.csproj', '--test-runner', 'mtp', '--mutate', `${room}/${file}`, '--output', reports],
      ...['--reporter', 'json', '--reporter', 'progress', '--concurrency', '1', '--break-at', '0'],
    ],
    options,
  );
  tell(reports);
});

/** What survived, by file and line. @param {string} reports */
function tell(reports) {
  const name = readdirSync(reports, { recursive: true })
    .map(String)
    .find((path) => path.endsWith('mutation-report.json'));
  if (!name) throw new Stop(`Stryker wrote no report to ${relative(root, reports)}.`);
  const { files } = JSON.parse(readFileSync(join(reports, name), 'utf8'));
  for (const [file, { mutants }] of Object.entries(files)) {
    const count = (/** @type {string[]} */ ...states) =>
      mutants.filter((/** @type {{status: string}} */ { status }) => states.includes(status)).length;
    const [noticed, all] = [count('Killed', 'Timeout'), count('Killed', 'Timeout', 'Survived', 'NoCoverage')];
    if (all === 0) continue;
    say(`${file}: ${noticed} of ${all} changes noticed (${((100 * noticed) / all).toFixed(1)} %)`);
    for (const { status, location, mutatorName, replacement } of mutants) {
      if (status === 'Survived' || status === 'NoCoverage')
        say(`  ${location.start.line}: ${mutatorName}: ${String(replacement).replace(/\s+/g, ' ').slice(0, 100)}`);
    }
  }
}
