// `npm run faults` in its short form: a test a story, which is passed when nothing that was acknowledged is lost and everything opens.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { inArtifacts, inRoot } from './paths.mjs';
import { step } from './progress.mjs';
import { run, runOrStop } from './run.mjs';
import { suiteResult } from './testResults.mjs';

const results = inArtifacts('faults', 'short.json');

/** @returns {Promise<import('./testResults.mjs').SuiteResult>} */
export async function runFaultTests() {
  rmSync(results, { force: true });
  for (const tool of ['FaultStory', 'JournalWriter']) {
    if (existsSync(inArtifacts('bin', tool, 'debug', `${tool}.dll`))) continue;
    await step(`Building ${tool}`, () => runOrStop('dotnet', ['build', `tests/Tools/${tool}`, '--nologo', '-v', 'q']));
  }
  const finished = await step('Breaking saves in a few places', () =>
    run(process.execPath, [inRoot('scripts', 'faults.mjs'), '--short'], { timeout: 10 * 60_000 }),
  );
  /** @type {import('../../tests/faults/stories.mjs').Told[]} */
  const told = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : [];
  return suiteResult('Faults', told.map(testOf), finished);
}

/** @param {import('../../tests/faults/stories.mjs').Told} told @returns {import('./testResults.mjs').TestResult} */
function testOf({ name, points, checked, losses, skipped }) {
  if (skipped) return { name, outcome: 'skipped', reason: skipped };
  const reason = losses.length > 0 ? losses.slice(0, 10).join('\n') : `Nothing was tried: ${points} faults, ${checked} checked.`;
  return points > 0 && losses.length === 0 ? { name, outcome: 'passed' } : { name, outcome: 'failed', reason };
}
