// `npm run mutate -- Permissions/PermissionPolicy.cs Vault`: changes files or whole rooms of the sidecar in small ways and looks whether the rooms' own
// tests notice (Stryker.NET). It is slow: each change that some test reaches is a run of those tests. The report goes to artifacts/mutation/reports.
// The runner is Microsoft's testing platform: Stryker's other one does not understand xunit.v3. Only the rooms' tests are built (PLUE_TEST_FILES), from
// a copy of the checkout, so that nothing here is changed while it runs.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
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
  const named = parseArgs({ allowPositionals: true }).positionals.map((path) => path.split('/'));
  const roomsOf = [...new Set(named.map(([room = '']) => room))];
  if (roomsOf.length === 0 || !roomsOf.every((room) => rooms.includes(room)))
    throw new Stop(`Name a room: ${rooms.join(', ')}. Or files of them, such as ${rooms[0]}/GuardedPaths.cs.`);
  const isNamed = (/** @type {string} */ path) =>
    named.some(([room = '', file]) => path === join('Plue.Server', room, file ?? basename(path)));
  await requireDotnet();
  const copy = inArtifacts('mutation', 'checkout');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of copied.filter((name) => existsSync(inRoot(name)))) cpSync(inRoot(name), join(copy, name), { recursive: true });
  for (const path of readdirSync(join(copy, 'server'), { recursive: true }).map(String))
    if (path.endsWith('.cs') && !isNamed(path)) leaveAlone(join(copy, 'server', path));
  const reports = inArtifacts('mutation', 'reports');
  rmSync(reports, { recursive: true, force: true });
  const tests = roomsOf.map((room) => `${room}/**/*.cs`).join(';');
  const options = { cwd: join(copy, 'tests', 'Plue.Server.Tests'), env: { PLUE_TEST_FILES: tests }, show: true };
  await runOrStop('dotnet', ['tool', 'restore'], options);
  await runOrStop(
    'dotnet',
    [
      ...['stryker', '--project', 'Plue.Server.csproj', '--test-runner', 'mtp', '--output', reports],
      ...named.flatMap(([room, file = '*.cs']) => ['--mutate', `${room}/${file}`]),
      ...['--reporter', 'json', '--reporter', 'progress', '--concurrency', '1', '--break-at', '0'],
    ],
    options,
  );
  tell(reports);
});

/** The tool would change every file and only then leave out what was not named, and its changes of all others do not work together. @param {string} file */
function leaveAlone(file) {
  writeFileSync(file, `// Stryker disable all\n${readFileSync(file, 'utf8').replace(/^\uFEFF/, '')}`);
}

/** What survived, by file and line. @param {string} reports */
function tell(reports) {
  const name = readdirSync(reports, { recursive: true })
    .map(String)
    .find((path) => path.endsWith('mutation-report.json'));
  if (!name) throw new Stop(`Stryker wrote no report to ${relative(root, reports)}.`);
  const { files, testFiles = {} } = JSON.parse(readFileSync(join(reports, name), 'utf8'));
  const tests = Object.values(testFiles).reduce((sum, file) => sum + file.tests.length, 0);
  const killed = Object.values(files).flatMap(({ mutants }) =>
    mutants.filter((/** @type {{status: string}} */ { status }) => status === 'Killed'),
  );
  if (tests > 1 && killed.length > 1 && killed.every(({ killedBy = [] }) => killedBy.length === tests))
    throw new Stop('Every test noticed every change: the changed program did not run at all, so this says nothing about the tests.');
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
