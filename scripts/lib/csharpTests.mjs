// The C# tests, with the lines they cover.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findBelow, forgetCoverage, fromCobertura, keepCoverage, totalOf } from './coverage.mjs';
import { inArtifacts } from './paths.mjs';
import { step } from './progress.mjs';
import { run, runOrStop } from './run.mjs';
import { suiteResult } from './testResults.mjs';

const project = 'tests/Plue.Server.Tests';
const results = inArtifacts('tests', 'csharp');

/** @param {{isFull: boolean}} options Lines are counted only in a full run, which takes half as long again. @returns {Promise<import('./testResults.mjs').SuiteResult>} */
export async function runCSharpTests({ isFull }) {
  await step('Building the C# tests', () => runOrStop('dotnet', ['build', project, '-v', 'q', '--nologo']));
  rmSync(results, { recursive: true, force: true });
  forgetCoverage('sidecar');
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
        ...(isFull ? ['--settings', 'tests/coverage.runsettings', '--collect', 'XPlat Code Coverage'] : []),
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
      return {
        name: attribute('testName').replace(/^Plue\.Server\.Tests\./, ''),
        outcome: outcomes[outcome] ?? 'failed',
        reason,
        seconds: secondsOf(attribute('duration')),
      };
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

/** @param {string} duration As `00:01:02.5000000`. */
function secondsOf(duration) {
  return duration.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
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
