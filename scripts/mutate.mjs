// `npm run mutate -- Permissions/PermissionPolicy.cs Vault`: changes files or whole rooms of the sidecar in small ways and looks whether the rooms' own
// tests notice. It is slow: each change is a run of those tests until one fails. What nobody noticed is told, and written to artifacts/mutation/survived.txt.
// Stryker.NET makes the changes, all in one assembly of which one at a time is switched on by the file in STRYKER_MUTANT_FILE. It does not run the tests:
// with xunit.v3 its default runner finds that no test notices anything and its other one that every test notices everything. Its own run is therefore of
// one small class, and the assembly is taken out of it. Everything is done in a copy of the checkout.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { inArtifacts, inRoot, root } from './lib/paths.mjs';
import { requireDotnet } from './lib/prerequisites.mjs';
import { Stop, runMain, say, step } from './lib/progress.mjs';
import { run, runOrStop } from './lib/run.mjs';

const rooms = ['Permissions', 'Vault', 'Store'];
const smallClass = 'Store/SearchTermsTests.cs';
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
const copy = inArtifacts('mutation', 'checkout');
const project = join(copy, 'tests', 'Plue.Server.Tests');
const built = join(copy, 'artifacts', 'bin', 'Plue.Server.Tests', 'debug');
const testsFolder = inArtifacts('mutation', 'tests');
const reports = inArtifacts('mutation', 'reports');

/** @typedef {{id: string, status: string, mutatorName: string, replacement: string, location: {start: {line: number}}, file: string}} Change */

await runMain(async () => {
  const named = parseArgs({ allowPositionals: true }).positionals.map((path) => path.split('/'));
  const roomsOf = [...new Set(named.map(([room = '']) => room))];
  if (roomsOf.length === 0 || !roomsOf.every((room) => rooms.includes(room)))
    throw new Stop(`Name a room: ${rooms.join(', ')}. Or files of them, such as ${rooms[0]}/GuardedPaths.cs.`);
  const isNamed = (/** @type {string} */ path) =>
    named.some(([room = '', file]) => path === join('Plue.Server', room, file ?? basename(path)));
  await requireDotnet();
  rmSync(inArtifacts('mutation'), { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  for (const name of copied.filter((name) => existsSync(inRoot(name)))) cpSync(inRoot(name), join(copy, name), { recursive: true });
  for (const path of readdirSync(join(copy, 'server'), { recursive: true }).map(String))
    if (path.endsWith('.cs') && !isNamed(path)) leaveAlone(join(copy, 'server', path));
  await step('Building the tests', () => build(roomsOf.map((room) => `${room}/**/*.cs`).join(';')));
  cpSync(built, testsFolder, { recursive: true });
  const changes = await step('Changing the sidecar', () => change(named.map(([room = '', file = '*.cs']) => `${room}/${file}`)));
  await tryAll(roomsOf, changes);
});

/** The tool would change every file and only then leave out what was not named. @param {string} file */
function leaveAlone(file) {
  writeFileSync(file, `// Stryker disable all\n${readFileSync(file, 'utf8').replace(/^\uFEFF/, '')}`);
}

/** @param {string} files Of the tests. */
async function build(files) {
  await runOrStop('dotnet', ['build', project, '-v', 'q', '--nologo', '-p:RunAnalyzers=false'], {
    cwd: copy,
    env: { PLUE_TEST_FILES: files },
  });
}

/** Puts the changed sidecar beside the tests. @param {string[]} patterns @returns {Promise<Change[]>} */
async function change(patterns) {
  await runOrStop('dotnet', ['tool', 'restore'], { cwd: project });
  await build(smallClass);
  const sidecar = join(built, 'plue.dll');
  let isTaken = false;
  let isOver = false;
  const stryker = runOrStop(
    'dotnet',
    [
      ...['stryker', '--project', 'Plue.Server.csproj', '--test-runner', 'mtp', '--output', reports, '--reporter', 'json'],
      ...['--concurrency', '1', '--break-at', '0', ...patterns.flatMap((pattern) => ['--mutate', pattern])],
    ],
    { cwd: project, env: { PLUE_TEST_FILES: smallClass } },
  ).finally(() => (isOver = true));
  const taking = (async () => {
    for (; !isOver; await delay(200)) {
      const usual = `${sidecar}.stryker-unchanged`;
      if (isTaken || !existsSync(usual) || !existsSync(sidecar) || readFileSync(sidecar).equals(readFileSync(usual))) continue;
      // It may be half written.
      await delay(1_000);
      cpSync(sidecar, join(testsFolder, 'plue.dll'));
      isTaken = true;
    }
  })();
  await Promise.all([stryker, taking]);
  if (!isTaken) throw new Stop('Stryker made no changed sidecar.');
  const name = readdirSync(reports, { recursive: true })
    .map(String)
    .find((path) => path.endsWith('mutation-report.json'));
  if (!name) throw new Stop(`Stryker wrote no report to ${relative(root, reports)}.`);
  const { files } = JSON.parse(readFileSync(join(reports, name), 'utf8'));
  return Object.entries(files).flatMap(([file, { mutants }]) =>
    mutants
      .filter((/** @type {Change} */ { status }) => !['Ignored', 'CompileError'].includes(status))
      .map((/** @type {Change} */ mutant) => ({ ...mutant, file: file.replace(/^.*Plue\.Server\//, '') })),
  );
}

/** @param {string[]} roomsOf @param {Change[]} changes */
async function tryAll(roomsOf, changes) {
  const started = Date.now();
  for (const room of roomsOf)
    if ((await tests(room, '-1', 600_000)).code !== 0) throw new Stop(`The tests of ${room} fail with nothing changed.`);
  const patience = 3 * (Date.now() - started) + 30_000;
  /** @type {Change[]} */ const survived = [];
  let tried = 0;
  const queue = [...changes];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { code } = await tests(next.file.split('/')[0] ?? '', next.id, patience);
      if (code === 0) survived.push(next);
      if (++tried % 20 === 0) say(`${tried} of ${changes.length} changes tried, ${survived.length} not noticed`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work));
  const lines = [...new Set(changes.map(({ file }) => file))].flatMap((file) => {
    const all = changes.filter((one) => one.file === file).length;
    const left = survived.filter((one) => one.file === file);
    const noticed = all - left.length;
    return [
      `${file}: ${noticed} of ${all} changes noticed (${((100 * noticed) / all).toFixed(1)} %)`,
      ...left.map(
        ({ location, mutatorName, replacement }) =>
          `  ${location.start.line}: ${mutatorName}: ${replacement.replace(/\s+/g, ' ').slice(0, 100)}`,
      ),
    ];
  });
  writeFileSync(inArtifacts('mutation', 'survived.txt'), `${lines.join('\n')}\n`);
  for (const line of lines) say(line);
}

/** The tests of a room with one change switched on, until one fails. @param {string} room @param {string} id @param {number} timeout */
async function tests(room, id, timeout) {
  const active = join(inArtifacts('mutation'), `active-${id}`);
  const number = Buffer.alloc(4);
  number.writeInt32LE(Number(id));
  writeFileSync(active, number);
  try {
    const args = [join(testsFolder, 'Plue.Server.Tests.dll'), '-namespace', `Plue.Server.Tests.${room}`, '-stopOnFail', '-noColor'];
    return await run('dotnet', args, { env: { STRYKER_MUTANT_FILE: active }, timeout });
  } finally {
    rmSync(active, { force: true });
  }
}
