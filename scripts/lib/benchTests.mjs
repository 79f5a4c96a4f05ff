// The benchmark in its short form: a test a figure, which is passed when it could be measured. No time is asserted, only how many times what the bare reader
// costs in the same run.
import { existsSync, readFileSync, rmSync } from 'node:fs';
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
  return suiteResult(suite, figures.map(testOf), finished);
}

/** @param {import('../../tests/bench/chats.mjs').Figure} figure @returns {import('./testResults.mjs').TestResult} */
export function testOf({ name, unit, plue, bare = 0, mostTimesBare = Infinity }) {
  if (!(plue > 0)) return { name, outcome: 'failed', reason: `It was measured as ${plue}.` };
  if (plue <= bare * mostTimesBare || mostTimesBare === Infinity) return { name, outcome: 'passed' };
  const reason = `${plue.toFixed(2)} ${unit} is ${(plue / bare).toFixed(1)} times the bare reader’s ${bare.toFixed(2)} ${unit}; at most ${mostTimesBare} times are let pass.`;
  return { name, outcome: 'failed', reason };
}

/** @param {string} project @param {string} made */
async function built(project, made) {
  if (existsSync(made)) return;
  await step(`Building ${project}`, () => runOrStop('dotnet', ['build', project, '--nologo', '-v', 'q']));
}
