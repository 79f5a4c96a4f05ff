// The TypeScript tests outside VS Code, with the lines they cover.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { forgetCoverage, fromLcov, keepCoverage, totalOf } from './coverage.mjs';
import { inArtifacts, inRoot, root } from './paths.mjs';
import { step } from './progress.mjs';
import { run } from './run.mjs';
import { suiteResult } from './testResults.mjs';

const results = inArtifacts('tests', 'typescript.json');
const coverage = inArtifacts('coverage', 'typescript');

/** @param {{isFull: boolean}} options Lines are counted only in a full run. @returns {Promise<import('./testResults.mjs').SuiteResult>} */
export async function runTypeScriptTests({ isFull }) {
  for (const path of [results, coverage]) rmSync(path, { recursive: true, force: true });
  forgetCoverage('extension');
  const finished = await step('Running the TypeScript tests', () =>
    run(
      process.execPath,
      [
        ...[inRoot('node_modules', 'vitest', 'vitest.mjs'), 'run', '--reporter=json', `--outputFile=${results}`],
        ...(isFull
          ? ['--coverage.enabled', '--coverage.reportOnFailure', '--coverage.reporter=lcovonly', `--coverage.reportsDirectory=${coverage}`]
          : []),
      ],
      { timeout: 10 * 60_000 },
    ),
  );
  const tests = existsSync(results) ? testsFromVitest(JSON.parse(readFileSync(results, 'utf8'))) : [];
  return { ...suiteResult('TypeScript', tests, finished), lines: coveredLines() };
}

/**
 * @param {{testResults: {name: string, status: string, message: string, assertionResults: {fullName: string, status: string, failureMessages: string[], duration?: number, meta?: {skipReason?: string}}[]}[]}} results
 * @returns {import('./testResults.mjs').TestResult[]}
 */
function testsFromVitest({ testResults }) {
  return testResults.flatMap((file) => {
    const name = relative(root, file.name);
    // A file that fails to load has no tests of its own.
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

function coveredLines() {
  const file = join(coverage, 'lcov.info');
  if (!existsSync(file)) return undefined;
  const lines = fromLcov(readFileSync(file, 'utf8'));
  keepCoverage('extension', lines);
  return totalOf(lines);
}
