// The tests in a real VS Code: tests/e2e/run.mjs in a process of its own, so that a crash there is a failure and not an end.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { bundleCoverage, coverageOfBundles, forgetBundleCoverage } from './bundleCoverage.mjs';
import { keepCoverage, keptCoverage, totalOf, withRunsOf } from './coverage.mjs';
import { inArtifacts, inRoot } from './paths.mjs';
import { step } from './progress.mjs';
import { run } from './run.mjs';
import { suiteResult } from './testResults.mjs';

const results = inArtifacts('tests', 'e2e.json');

/** @param {{isFull: boolean, shard?: string}} options @returns {Promise<import('./testResults.mjs').SuiteResult>} */
export async function runE2eTests({ isFull, shard }) {
  rmSync(results, { force: true });
  forgetBundleCoverage();
  const finished = await step('Running the tests in a real VS Code', () =>
    run(
      process.execPath,
      [inRoot('tests', 'e2e', 'run.mjs'), ...(isFull ? ['--all'] : []), ...(shard === undefined ? [] : ['--shard', shard])],
      { show: true, timeout: 60 * 60_000, env: isFull ? { PLUE_COVERAGE: bundleCoverage } : {} },
    ),
  );
  const tests = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : [];
  return { ...suiteResult('VS Code', tests, finished), ...(isFull ? { lines: addToKept() } : {}) };
}

/** Together with what the TypeScript tests ran last, which know every line. */
function addToKept() {
  const kept = keptCoverage('extension');
  if (!kept) return undefined;
  const all = withRunsOf(kept, coverageOfBundles());
  keepCoverage('extension', all);
  return totalOf(all);
}
