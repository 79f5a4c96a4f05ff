// Runs the C# tests, with code coverage in a full run.
import { cpSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { coverageReports, coverageTests } from './coverage.mjs';
import { inArtifacts } from './paths.mjs';
import { step } from './progress.mjs';
import { run, runOrStop } from './run.mjs';
import { suiteResult } from './testResults.mjs';

const project = 'tests/Plue.Server.Tests';
const results = inArtifacts('tests', 'csharp');

/**
 * @param {import('../test.mjs').TestOptions} options Only a full run measures coverage, which takes 50 % longer. @returns
 * {Promise<import('./testResults.mjs').SuiteResult>}
 */
export async function runCSharpTests({ isFull, changes }) {
  await step('Building the C# tests', () => runOrStop('dotnet', ['build', project, '-v', 'q', '--nologo']));
  rmSync(results, { recursive: true, force: true });
  rmSync(coverageReports.csharp, { force: true });
  const finished = await step('Running the C# tests', () =>
    run(
      'dotnet',
      [
        ...[
          'test',
          project,
          '--no-build',
          '--nologo',
          '-v',
          'q',
          '--logger',
          'trx;LogFileName=results.trx',
          '--results-directory',
          results,
        ],
        ...(changes && changes.namespaces !== 'all'
          ? ['--filter', changes.namespaces.map((name) => `FullyQualifiedName~.Tests.${name}.`).join('|')]
          : []),
        ...(isFull ? ['--settings', 'tests/coverage.runsettings', '--collect', 'XPlat Code Coverage'] : []),
      ],
      { timeout: 30 * 60_000 },
    ),
  );
  const trx = join(results, 'results.trx');
  const tests = existsSync(trx) ? testsFromTrx(readFileSync(trx, 'utf8')) : [];
  return suiteResult('C#', isFull ? [...tests, ...coverage()] : tests, finished);
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
      return {
        name: attribute('testName').replace(/^Plue\.Server\.Tests\./, ''),
        outcome: outcomes[outcome] ?? 'failed',
        reason,
        seconds: secondsOf(attribute('duration')),
      };
    },
  );
  // Failed setups of classes and crashes of the test process are reported outside the tests.
  const beside = [...trx.matchAll(/<RunInfo\b[^>]*outcome="Error"[^>]*>([\s\S]*?)<\/RunInfo>/g)].map(([, body = '']) => ({
    name: 'The test process runs to its end',
    outcome: /** @type {const} */ ('failed'),
    reason: unescapeXml(/<Text>([\s\S]*?)<\/Text>/.exec(body)?.[1] ?? body),
  }));
  return tests.some((test) => test.outcome === 'failed') ? tests : [...tests, ...beside];
}

/** @param {string} duration Such as `00:01:02.5000000`. */
function secondsOf(duration) {
  return duration.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** @type {Record<string, 'passed' | 'skipped'>} */
const outcomes = { Passed: 'passed', NotExecuted: 'skipped' };

function coverage() {
  const file = readdirSync(results, { recursive: true })
    .map(String)
    .find((path) => path.endsWith('coverage.cobertura.xml'));
  if (!file) return [];
  cpSync(join(results, file), coverageReports.csharp);
  const xml = readFileSync(coverageReports.csharp, 'utf8');
  const percent = (/** @type {string} */ rate) => 100 * Number(new RegExp(`<coverage [^>]*\\b${rate}="([\\d.]+)"`).exec(xml)?.[1]);
  return coverageTests('C#', { lines: percent('line-rate'), branches: percent('branch-rate') });
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
