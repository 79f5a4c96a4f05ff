// The C# tests, with the lines they cover.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findBelow, forgetCoverage, fromCobertura, keepCoverage, totalOf } from './coverage.mjs';
import { inArtifacts } from './paths.mjs';
import { step } from './progress.mjs';
import { run, runOrStop } from './run.mjs';
import { installTestPrograms } from './testPrograms.mjs';
import { suiteResult } from './testResults.mjs';

const project = 'tests/Plue.Server.Tests';
const results = inArtifacts('tests', 'csharp');

/** @returns {Promise<import('./testResults.mjs').SuiteResult>} */
export async function runCSharpTests() {
  await installTestPrograms();
  await step('Building the C# tests', () => runOrStop('dotnet', ['build', project, '-v', 'q', '--nologo']));
  rmSync(results, { recursive: true, force: true });
  forgetCoverage('sidecar');
  const finished = await step('Running the C# tests', () =>
    run(
      'dotnet',
      [
        ...['test', project, '--no-build', '--nologo', '-v', 'q', '--settings', 'tests/coverage.runsettings'],
        ...['--collect', 'XPlat Code Coverage', '--logger', 'trx;LogFileName=results.trx', '--results-directory', results],
      ],
      { timeout: 30 * 60_000 },
    ),
  );
  const trx = join(results, 'results.trx');
  const tests = existsSync(trx) ? testsFromTrx(readFileSync(trx, 'utf8')) : [];
  return { ...suiteResult('C#', tests, finished), lines: coveredLines() };
}

/** @param {string} trx @returns {import('./testResults.mjs').TestResult[]} */
function testsFromTrx(trx) {
  const tests = [...trx.matchAll(/<UnitTestResult\b([^>]*?)(?:\/>|>([\s\S]*?)<\/UnitTestResult>)/g)].map(
    ([, attributes = '', body = '']) => {
      const attribute = (/** @type {string} */ name) => unescapeXml(new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '');
      const element = (/** @type {string} */ name) =>
        unescapeXml(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(body)?.[1] ?? '').trim();
      const outcome = attribute('outcome');
      const reason = [element('Message'), element('StackTrace'), element('StdOut')].filter(Boolean).join('\n');
      return { name: attribute('testName').replace(/^Plue\.Server\.Tests\./, ''), outcome: outcomes[outcome] ?? 'failed', reason };
    },
  );
  // A class that cannot be set up, or a crash of the test process, is told beside the tests.
  const beside = [...trx.matchAll(/<RunInfo\b[^>]*outcome="Error"[^>]*>([\s\S]*?)<\/RunInfo>/g)].map(([, body = '']) => ({
    name: 'The test process runs to its end',
    outcome: /** @type {const} */ ('failed'),
    reason: unescapeXml(/<Text>([\s\S]*?)<\/Text>/.exec(body)?.[1] ?? body),
  }));
  return tests.some((test) => test.outcome === 'failed') ? tests : [...tests, ...beside];
}

/** @type {Record<string, 'passed' | 'skipped'>} */
const outcomes = { Passed: 'passed', NotExecuted: 'skipped' };

function coveredLines() {
  const file = findBelow(results, 'coverage.cobertura.xml');
  if (!file) return undefined;
  const lines = fromCobertura(readFileSync(file, 'utf8'));
  keepCoverage('sidecar', lines);
  return totalOf(lines);
}

/** @param {string} text */
function unescapeXml(text) {
  return text
    .replace(/&#x([0-9a-fA-F]+);/g, (_, hex) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, '&');
}
