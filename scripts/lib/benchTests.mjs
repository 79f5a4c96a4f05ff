// The benchmark in its short form: a test a figure, which is passed when it could be measured. No time is asserted.
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
  if (!existsSync(inArtifacts('bin', 'ChatMaker', 'debug', 'ChatMaker.dll'))) {
    await step('Building the maker of chats', () => runOrStop('dotnet', ['build', 'tests/Tools/ChatMaker', '--nologo', '-v', 'q']));
  }
  const finished = await step('Running the short benchmark', () =>
    run(process.execPath, [inRoot('scripts', 'bench.mjs'), '--short'], { timeout: 10 * 60_000 }),
  );
  /** @type {{name: string, plue: number}[]} */
  const figures = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : [];
  const tests = figures.map(({ name, plue }) =>
    plue > 0
      ? { name, outcome: /** @type {const} */ ('passed') }
      : { name, outcome: /** @type {const} */ ('failed'), reason: `It was measured as ${plue}.` },
  );
  return suiteResult(suite, tests, finished);
}
