// What holds a fault outside of the scenarios: tests of the other suites, whether they exist and how they end.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts, inRoot } from '../../scripts/lib/paths.mjs';
import { step } from '../../scripts/lib/progress.mjs';
import { run } from '../../scripts/lib/run.mjs';

/**
 * @typedef {import('./cases.mjs').Holder} Holder
 * @typedef {{outcome: 'passed' | 'failed' | 'skipped' | 'not run', seconds: number, reason?: string}} Outcome
 */

const tests = ['tests', 'Plue.Server.Tests'];
const results = inArtifacts('faults');

/** How a reader finds it. @param {Holder} holder */
export function nameOf(holder) {
  if (holder.kind === 'scenario') return `the scenario “${holder.name}”`;
  return holder.kind === 'csharp' ? holder.name : `${holder.file}: ${holder.name}`;
}

/** Why a test is not there; undefined when it is. @param {Holder} holder @returns {string | undefined} */
export function whyMissing(holder) {
  if (holder.kind === 'scenario') return undefined;
  if (holder.kind === 'csharp') {
    const { file, method } = placeOf(holder.name);
    if (!existsSync(file)) return `There is no ${file}.`;
    const sources = [file, ...contractsOf(readFileSync(file, 'utf8'))];
    const isThere = sources.some((source) => readFileSync(source, 'utf8').includes(` ${method}(`));
    return isThere ? undefined : `${holder.name} is no test.`;
  }
  const file =
    holder.kind === 'typescript'
      ? inRoot(holder.file)
      : holder.file === 'inHost'
        ? inRoot('tests', 'e2e', 'inHost', 'tests.ts')
        : scenarioOf(holder.file);
  return existsSync(file) && readFileSync(file, 'utf8').includes(holder.name) ? undefined : `${nameOf(holder)} is no test.`;
}

/** Runs each of them once. @param {Holder[]} holders @returns {Promise<Map<string, Outcome>>} By {@link nameOf}. */
export async function runTests(holders) {
  mkdirSync(results, { recursive: true });
  /** @type {Map<string, Outcome>} */
  const outcomes = new Map();
  const csharp = holders.filter(({ kind }) => kind === 'csharp');
  if (csharp.length > 0) await step(`${csharp.length} C# tests`, () => runCSharp(csharp, outcomes));
  const typescript = holders.filter(({ kind }) => kind === 'typescript');
  if (typescript.length > 0) await step(`${typescript.length} TypeScript tests`, () => runTypeScript(typescript, outcomes));
  const steps = holders.filter(({ kind }) => kind === 'step');
  if (steps.length > 0) await step('Scenarios through VS Code', () => runScenarios(steps, outcomes));
  return outcomes;
}

/** @param {Holder[]} holders @param {Map<string, Outcome>} outcomes */
async function runCSharp(holders, outcomes) {
  const file = join(results, 'csharp.xml');
  rmSync(file, { force: true });
  const names = [...new Set(holders.map(({ name }) => `Plue.Server.Tests.${name}`))];
  const dll = inArtifacts('bin', 'Plue.Server.Tests', 'debug', 'Plue.Server.Tests.dll');
  const finished = await run('dotnet', [dll, ...names.flatMap((name) => ['-method', name]), '-xml', file], { timeout: 20 * 60_000 });
  const xml = existsSync(file) ? readFileSync(file, 'utf8') : '';
  for (const holder of holders) {
    const { type, method } = placeOf(holder.name);
    const found = [...xml.matchAll(/<test\b([^>]*)>?/g)]
      .map(([, text = '']) => text)
      .filter((text) => attribute(text, 'type') === type && attribute(text, 'method') === method);
    outcomes.set(
      nameOf(holder),
      together(
        found.map((text) => ({ outcome: attribute(text, 'result'), seconds: Number(attribute(text, 'time')) })),
        finished,
      ),
    );
  }
}

/** @param {Holder[]} holders @param {Map<string, Outcome>} outcomes */
async function runTypeScript(holders, outcomes) {
  const file = join(results, 'typescript.json');
  rmSync(file, { force: true });
  const files = [...new Set(holders.flatMap((holder) => (holder.kind === 'typescript' ? [holder.file] : [])))];
  const vitest = inRoot('node_modules', 'vitest', 'vitest.mjs');
  const finished = await run(process.execPath, [vitest, 'run', '--reporter=json', `--outputFile=${file}`, ...files], {
    timeout: 10 * 60_000,
  });
  /** @type {{fullName: string, status: string, duration?: number}[]} */
  const reported = existsSync(file)
    ? JSON.parse(readFileSync(file, 'utf8')).testResults.flatMap((/** @type {any} */ one) => one.assertionResults)
    : [];
  for (const holder of holders) {
    const found = reported.filter(({ fullName }) => fullName.endsWith(holder.name));
    outcomes.set(
      nameOf(holder),
      together(
        found.map(({ status, duration }) => ({ outcome: status, seconds: (duration ?? 0) / 1000 })),
        finished,
      ),
    );
  }
}

/** @param {Holder[]} holders @param {Map<string, Outcome>} outcomes */
async function runScenarios(holders, outcomes) {
  const file = inArtifacts('tests', 'e2e.json');
  rmSync(file, { force: true });
  const names = [...new Set(holders.flatMap((holder) => (holder.kind === 'step' ? [holder.file] : [])))];
  const began = performance.now();
  const finished = await run(process.execPath, [inRoot('tests', 'e2e', 'run.mjs'), ...names], { timeout: 20 * 60_000 });
  const seconds = (performance.now() - began) / 1000 / holders.length;
  /** @type {{name: string, outcome: string}[]} */
  const reported = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  for (const holder of holders) {
    const found = reported.filter(({ name }) => name.endsWith(holder.name));
    outcomes.set(
      nameOf(holder),
      together(
        found.map(({ outcome }) => ({ outcome, seconds: seconds / found.length })),
        finished,
      ),
    );
  }
}

/** Several, because a test with data has one result for each. @param {{outcome: string, seconds: number}[]} found @param {{output: string}} finished @returns {Outcome} */
function together(found, { output }) {
  const seconds = found.reduce((sum, one) => sum + one.seconds, 0);
  if (found.length === 0)
    return { outcome: 'failed', seconds, reason: `It was not run.\n${output.trimEnd().split('\n').slice(-20).join('\n')}` };
  const failed = found.filter(({ outcome }) => !/^(pass|skip)/i.test(outcome) && !/^(pending|not-?run)/i.test(outcome));
  if (failed.length > 0) return { outcome: 'failed', seconds, reason: `${failed.length} of ${found.length} failed.` };
  return found.every(({ outcome }) => /^pass/i.test(outcome))
    ? { outcome: 'passed', seconds }
    : { outcome: 'skipped', seconds, reason: 'Skipped in its own suite.' };
}

/** @param {string} name As `Room.Class.Method`. */
function placeOf(name) {
  const parts = name.split('.');
  return {
    file: `${inRoot(...tests, ...parts.slice(0, -1))}.cs`,
    type: `Plue.Server.Tests.${parts.slice(0, -1).join('.')}`,
    method: parts.at(-1) ?? '',
  };
}

/** The files of what a class inherits its tests from. @param {string} source */
function contractsOf(source) {
  const folder = inRoot(...tests, 'Providers');
  return readdirSync(folder)
    .filter((name) => name.endsWith('Contract.cs') && /: \w+Contract\b/.test(source))
    .map((name) => join(folder, name));
}

/** @param {string} file */
const scenarioOf = (file) => inRoot('tests', 'e2e', 'scenarios', `${file}.mjs`);

/** @param {string} text @param {string} name */
const attribute = (text, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? '';
