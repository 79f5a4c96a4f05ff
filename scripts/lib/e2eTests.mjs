// Runs the tests in a real VS Code: tests/e2e/run.mjs in a separate process, so that a crash is reported as a failure.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { inArtifacts, inRoot } from './paths.mjs';
import { step } from './progress.mjs';
import { run } from './run.mjs';
import { suiteResult } from './testResults.mjs';

const results = inArtifacts('tests', 'e2e.json');

/** @param {import('../test.mjs').TestOptions} options @returns {Promise<import('./testResults.mjs').SuiteResult>} */
export async function runE2eTests({ isFull, shard, changes }) {
  rmSync(results, { force: true });
  const finished = await step('Running the tests in a real VS Code', () =>
    run(
      process.execPath,
      [
        inRoot('tests', 'e2e', 'run.mjs'),
        ...(isFull ? ['--all'] : []),
        ...(shard === undefined ? [] : ['--shard', shard]),
        ...(Array.isArray(changes?.scenarios) ? changes.scenarios : []),
      ],
      { show: true, timeout: 60 * 60_000 },
    ),
  );
  const tests = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : [];
  return suiteResult('VS Code', tests, finished);
}
