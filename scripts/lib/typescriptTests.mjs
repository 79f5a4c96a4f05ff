// Runs the TypeScript tests outside VS Code, with code coverage in a full run.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { coverageReports, coverageTests } from './coverage.mjs';
import { inArtifacts, inRoot, root } from './paths.mjs';
import { step } from './progress.mjs';
import { run } from './run.mjs';
import { suiteResult } from './testResults.mjs';

const results = inArtifacts('tests', 'typescript.json');
const coverage = dirname(coverageReports.typescript);

/** @param {import('../test.mjs').TestOptions} options Only a full run measures coverage. @returns {Promise<import('./testResults.mjs').SuiteResult>} */
export async function runTypeScriptTests({ isFull, changes }) {
  for (const path of [results, coverage]) rmSync(path, { recursive: true, force: true });
  const finished = await step('Running the TypeScript tests', () =>
    run(
      process.execPath,
      [
        ...[inRoot('node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=json', `--outputFile=${results}`],
        ...(changes ? [`--changed=${changes.base}`, '--passWithNoTests'] : []),
        ...(isFull
          ? [
              ...['--coverage.enabled', '--coverage.reportOnFailure', '--coverage.reporter=lcovonly', '--coverage.reporter=json-summary'],
              `--coverage.reportsDirectory=${coverage}`,
            ]
          : []),
      ],
      { timeout: 10 * 60_000 },
    ),
  );
  const tests = existsSync(results) ? testsFromVitest(JSON.parse(readFileSync(results, 'utf8'))) : [];
  if (changes && tests.length === 0 && finished.code === 0) return { suite: 'TypeScript', tests };
  return suiteResult('TypeScript', isFull ? [...tests, ...coverageOf()] : tests, finished);
}

/**
 * @param {{testResults: {name: string, status: string, message: string, assertionResults: {fullName: string, status: string, failureMessages: string[], duration?: number, meta?: {skipReason?: string}}[]}[]}} results
 * @returns {import('./testResults.mjs').TestResult[]}
 */
function testsFromVitest({ testResults }) {
  return testResults.flatMap((file) => {
    const name = relative(root, file.name);
    // A file that fails to load has no tests.
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
      return [{ name, outcome: 'failed', reason: file.message }];
    return file.assertionResults.map((test) => ({
      name: `${name}: ${test.fullName}`,
      outcome: test.status === 'passed' || test.status === 'failed' ? test.status : 'skipped',
      reason: test.failureMessages.join('\n'),
      seconds: (test.duration ?? 0) / 1000,
    }));
  });
}

function coverageOf() {
  const file = join(coverage, 'coverage-summary.json');
  if (!existsSync(file)) return [];
  const { total } = JSON.parse(readFileSync(file, 'utf8'));
  return coverageTests('TypeScript', { lines: total.lines.pct, branches: total.branches.pct });
}
