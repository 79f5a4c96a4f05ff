// Runs the short benchmark, with a test for each row. Only the ratio to the bare program in the same run is checked, not the time.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { editorBounds, mostTimesBare, rowOf } from '../../tests/bench/bounds.mjs';
import { inArtifacts, inRoot } from './paths.mjs';
import { step } from './progress.mjs';
import { run, runOrStop } from './run.mjs';
import { suiteResult } from './testResults.mjs';

const suite = 'Benchmark';
const results = inArtifacts('bench', 'short.json');

/** @returns {Promise<import('./testResults.mjs').SuiteResult>} */
export async function runBenchTests() {
  if (process.platform !== 'linux')
    return { suite, tests: [{ name: 'The short benchmark', outcome: 'skipped', reason: 'It reads /proc and needs Linux.' }] };
  rmSync(results, { force: true });
  await built('tests/Tools/ChatMaker', inArtifacts('bin', 'ChatMaker', 'debug', 'ChatMaker.dll'));
  const finished = await step('Running the short benchmark', () =>
    run(process.execPath, [inRoot('scripts', 'bench.mjs'), '--short'], { timeout: 10 * 60_000 }),
  );
  /** @type {import('../../tests/bench/chats.mjs').Figure[]} */
  const figures = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : [];
  return suiteResult(suite, figures.length === 0 ? [] : testsOf(figures), finished);
}

/**
 * Returns a test for each row, and a failed one for each bound without a row.
 * @param {import('../../tests/bench/chats.mjs').Figure[]} figures @param {Record<string, number>} [bounds] @returns {import('./testResults.mjs').TestResult[]}
 */
export function testsOf(figures, bounds = mostTimesBare) {
  const rows = new Set(figures.map(({ name }) => rowOf(name)));
  const unused = Object.keys(bounds).filter((row) => !rows.has(row));
  return [
    ...figures.map((figure) => testOf(figure, bounds)),
    ...unused.map((name) => ({
      name,
      outcome: /** @type {const} */ ('failed'),
      reason: 'bounds.mjs has this row and the benchmark does not.',
    })),
  ];
}

/** @param {import('../../tests/bench/chats.mjs').Figure} figure @param {Record<string, number>} bounds @returns {import('./testResults.mjs').TestResult} */
export function testOf({ name, unit, plue, bare = 0 }, bounds) {
  const most = bounds[rowOf(name)];
  if (!(plue > 0)) return { name, outcome: 'failed', reason: `It was measured as ${plue}.` };
  if (most === undefined) return { name, outcome: 'failed', reason: `bounds.mjs has no bound for the row "${rowOf(name)}".` };
  if (!(bare > 0)) return { name, outcome: 'failed', reason: `Its bare measure is ${bare}, so it has nothing to be compared with.` };
  // A debug build compiles its code at each start.
  if (process.env.PLUE_TEST_SIDECAR === 'debug') return { name, outcome: 'skipped', reason: 'The bounds are those of the native program.' };
  if (plue <= bare * most) return { name, outcome: 'passed' };
  const reason = `${plue.toFixed(2)} ${unit} is ${(plue / bare).toFixed(1)} times the bare ${bare.toFixed(2)} ${unit}. The bound is ${most} times.`;
  return { name, outcome: 'failed', reason };
}

/**
 * Returns the rows of the editor that exceed their bounds, as one sentence each.
 * @param {import('../../tests/bench/chats.mjs').Figure[]} figures Figures of the part `installed`. @param {typeof editorBounds} [bounds] @returns {string[]}
 */
export function overEditorBounds(figures, bounds = editorBounds) {
  return Object.entries(bounds).flatMap(([row, { timesBare, most }]) => {
    const figure = figures.find(({ name }) => rowOf(name) === row);
    if (figure === undefined) return [`bounds.mjs has the row "${row}" and the benchmark does not.`];
    const { plue, bare = 0, unit } = figure;
    const limit = most ?? bare * (timesBare ?? 0);
    return plue > 0 && plue <= limit ? [] : [`${row}: ${plue.toFixed(1)} ${unit}, and the bound is ${limit.toFixed(1)} ${unit}.`];
  });
}

/** @param {string} project @param {string} made */
async function built(project, made) {
  if (existsSync(made)) return;
  await step(`Building ${project}`, () => runOrStop('dotnet', ['build', project, '--nologo', '-v', 'q']));
}
