// Runs `npm run faults -- --blockers` in its short form. Tests of other suites are not run again; for all faults it is only
// checked that they exist.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { cases } from '../../tests/faults/cases.mjs';
import { whyMissing } from '../../tests/faults/holders.mjs';
import { scenarios } from '../../tests/faults/scenarios.mjs';
import { inArtifacts, inRoot } from './paths.mjs';
import { step } from './progress.mjs';
import { run } from './run.mjs';
import { suiteResult } from './testResults.mjs';

const results = inArtifacts('faults', 'blockers.json');
const count = 44;

/** @returns {Promise<import('./testResults.mjs').SuiteResult>} */
export async function runFaultTests() {
  rmSync(results, { force: true });
  const finished = await step('Breaking what a machine breaks', () =>
    run(process.execPath, [inRoot('scripts', 'faults.mjs'), '--blockers', '--short', '--scenarios-only'], { timeout: 10 * 60_000 }),
  );
  /** @type {{id: string, sentence: string, outcome: string, details: string[]}[]} */
  const rows = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : [];
  const executed = rows.filter(({ outcome }) => outcome !== 'not run').map(testOf);
  return suiteResult('Faults', [everyFaultIsHeld(), ...executed], finished);
}

/** @returns {import('./testResults.mjs').TestResult} */
function everyFaultIsHeld() {
  const name = `Each of the faults REL-01 to REL-${count} has a scenario or a test that holds it`;
  const known = new Set(scenarios.map((scenario) => scenario.name));
  const reasons = Array.from({ length: count }, (_, i) => `REL-${String(i + 1).padStart(2, '0')}`).flatMap((id) => {
    const holders = cases.filter((one) => one.id === id).flatMap((one) => one.holders);
    if (holders.length === 0) return [`Nothing holds ${id}.`];
    return holders.flatMap((holder) =>
      holder.kind === 'scenario' && !known.has(holder.name) ? [`There is no scenario “${holder.name}”.`] : (whyMissing(holder) ?? []),
    );
  });
  return reasons.length === 0 ? { name, outcome: 'passed' } : { name, outcome: 'failed', reason: reasons.join('\n') };
}

/** @param {{id: string, sentence: string, outcome: string, details: string[]}} row @returns {import('./testResults.mjs').TestResult} */
function testOf({ id, sentence, outcome, details }) {
  const name = `${id} ${sentence}`;
  return outcome === 'passed'
    ? { name, outcome }
    : { name, outcome: outcome === 'skipped' ? 'skipped' : 'failed', reason: details.join('\n') };
}
