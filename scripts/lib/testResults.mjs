// The common format of test results, and their report.
import { say } from './progress.mjs';

const slowestShown = 10;

/**
 * @typedef {object} TestResult
 * @property {string} name
 * @property {'passed' | 'failed' | 'skipped'} outcome
 * @property {string} [reason] Why it failed or was skipped.
 * @property {number} [seconds] How long it ran.
 *
 * @typedef {object} SuiteResult
 * @property {string} suite Such as "C#".
 * @property {TestResult[]} tests
 * @property {number} [seconds] How long the whole suite took.
 */

/**
 * Returns the results of a runner that may have crashed: adds a failure if there are no tests, or if no failed test explains its exit code.
 * @param {string} suite
 * @param {TestResult[]} tests
 * @param {{code: number, output: string}} finished
 * @returns {SuiteResult}
 */
export function suiteResult(suite, tests, finished) {
  const explained = tests.some((test) => test.outcome === 'failed');
  if (finished.code !== 0 && !explained) {
    const reason = `The runner ended with exit code ${finished.code}.\n${lastLines(finished.output, 60)}`;
    return { suite, tests: [...tests, { name: `The ${suite} tests run to their end`, outcome: 'failed', reason }] };
  }
  if (tests.length === 0) {
    return {
      suite,
      tests: [{ name: `There are ${suite} tests`, outcome: 'failed', reason: `None was found.\n${lastLines(finished.output, 30)}` }],
    };
  }
  return { suite, tests };
}

/** Prints failures, skipped tests, times and finally the totals. @param {SuiteResult[]} suites @returns {number} The exit code. */
export function report(suites) {
  for (const { suite, tests } of suites) {
    for (const test of tests.filter((test) => test.outcome === 'skipped'))
      say(`skipped  ${suite}: ${test.name}: ${test.reason || 'no reason given'}`);
    for (const test of tests.filter((test) => test.outcome === 'failed'))
      say(`\nFAILED   ${suite}: ${test.name}\n${indent(test.reason ?? 'No reason given.')}`);
  }
  say('');
  const slowest = suites
    .flatMap(({ suite, tests }) => tests.map(({ name, seconds = 0 }) => ({ name: `${suite}: ${name}`, seconds })))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, slowestShown);
  say(['The slowest tests:', ...slowest.map(({ name, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${name}`), ''].join('\n'));
  for (const { suite, tests, seconds } of suites) {
    const time = seconds === undefined ? '' : ` in ${seconds.toFixed(0)} s`;
    say(`${suite}: ${totals(tests)}${time}`);
  }
  const all = suites.flatMap(({ tests }) => tests);
  console.log(totals(all));
  return all.some((test) => test.outcome === 'failed') ? 1 : 0;
}

/** @param {TestResult[]} tests */
function totals(tests) {
  const count = (/** @type {string} */ outcome) => tests.filter((test) => test.outcome === outcome).length;
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
}

/** @param {string} text */
const indent = (text) => text.trimEnd().replace(/^/gm, '         ');

/** @param {string} text @param {number} count */
const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');
