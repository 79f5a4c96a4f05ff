// `npm run faults`: injects faults of the machine and checks what Plue guarantees for them. The faults are REL-01 to REL-44 in tests/faults/cases.mjs.
//   --only REL-12   one fault, or the scenarios whose names contain these words     --blockers   faults that block a release
//   --short   fewer rounds and every 14th place     --every N   every Nth place     --scenarios-only   for tests of other suites, checks only that they exist
// Prints a line for each fault; then writes a table to artifacts/faults/report.md and .json (blockers.md and .json with --blockers).
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cases } from '../tests/faults/cases.mjs';
import { nameOf, runTests, whyMissing } from '../tests/faults/holders.mjs';
import { Reader, scenarios } from '../tests/faults/scenarios.mjs';
import { whyNot } from '../tests/faults/strace.mjs';
import { build, sidecarSources } from './lib/build.mjs';
import { newestChange } from './lib/fingerprint.mjs';
import { inArtifacts } from './lib/paths.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { Stop, WrongOption, runMain, step } from './lib/progress.mjs';
import { runOrStop } from './lib/run.mjs';
import { sidecarUnderTest } from './lib/publish.mjs';
import { installTestPrograms } from './lib/testPrograms.mjs';

/**
 * @typedef {import('../tests/faults/holders.mjs').Outcome} Outcome
 * @typedef {Outcome & {id: string, sentence: string, isBlocker: boolean, heldBy: string[], details: string[]}} Row
 */

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      short: { type: 'boolean' },
      every: { type: 'string' },
      only: { type: 'string' },
      blockers: { type: 'boolean' },
      'scenarios-only': { type: 'boolean' },
    },
  });
  requireNode();
  await requireDotnet();
  const lost = cases.flatMap(({ id, holders }) => holders.map(whyMissing).flatMap((reason) => (reason ? [`${id}: ${reason}`] : [])));
  if (lost.length > 0) throw new Stop(`tests/faults/cases.mjs names missing tests:\n${lost.join('\n')}`);
  const chosen = cases.filter(({ id, isBlocker }) => (values.only ? id === values.only.toUpperCase() : !values.blockers || isBlocker));
  const names = new Set(chosen.flatMap(({ holders }) => holders.flatMap(({ kind, name }) => (kind === 'scenario' ? [name] : []))));
  const selected = scenarios.filter(({ name }) => names.has(name) || (chosen.length === 0 && name.includes(values.only ?? '')));
  if (chosen.length + selected.length === 0) throw new WrongOption(`No fault and no scenario is called \`${values.only}\`.`);

  await build();
  await buildTools(['FaultScenario', 'JournalWriter', 'ChatMaker']);
  /** @type {Map<string, Outcome>} */
  const outcomes = new Map();
  await runStories(selected, Number(values.every ?? (values.short ? 14 : 1)), outcomes);
  if (!values['scenarios-only']) {
    const holders = chosen.flatMap((one) => one.holders.filter(({ kind }) => kind !== 'scenario'));
    if (holders.some(({ kind }) => kind === 'csharp')) {
      await installTestPrograms();
      await step('Building the C# tests', () => runOrStop('dotnet', ['build', 'tests/Plue.Server.Tests', '-v', 'q', '--nologo']));
    }
    for (const [name, outcome] of await runTests(holders)) outcomes.set(name, outcome);
  }

  const rows = chosen.map((one) => rowOf(one, outcomes));
  const report = values.blockers ? 'blockers' : 'report';
  writeFileSync(inArtifacts('faults', `${report}.json`), JSON.stringify(rows, null, 2));
  writeFileSync(inArtifacts('faults', `${report}.md`), tableOf(rows));
  for (const { id, outcome, seconds, sentence, details } of rows)
    console.log(
      [`${outcome.padEnd(8)}${id}  ${seconds.toFixed(1).padStart(6)} s  ${sentence}`, ...details.map((line) => `        ${line}`)].join(
        '\n',
      ),
    );
  return [...outcomes.values()].some(({ outcome }) => outcome === 'failed') ? 1 : 0;
});

/** Builds tools that are older than their sources. @param {string[]} tools Names in tests/Tools. */
async function buildTools(tools) {
  for (const tool of tools) {
    const made = statSync(inArtifacts('bin', tool, 'debug', `${tool}.dll`), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (made < newestChange([...sidecarSources, `tests/Tools/${tool}`]))
      await step(`Building ${tool}`, () => runOrStop('dotnet', ['build', `tests/Tools/${tool}`, '--nologo', '-v', 'q']));
  }
}

/** @param {typeof scenarios} selected @param {number} every @param {Map<string, Outcome>} outcomes */
async function runStories(selected, every, outcomes) {
  mkdirSync(inArtifacts('faults'), { recursive: true });
  // In memory if possible, because much is written and no test cuts the power.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'plue-faults-'));
  const noStrace = selected.some(({ needs }) => needs === 'strace') ? await whyNot() : undefined;
  const plue = await sidecarUnderTest();
  const reader = new Reader();
  let losses = 0;
  try {
    for (const { name, needs, tell } of selected) {
      const began = performance.now();
      const found =
        needs && noStrace
          ? [{ name, points: 0, checked: 0, repaired: 0, losses: [], skipped: noStrace }]
          : await step(`Faults: ${name}`, () => tell({ folder, every, plue, noStrace }, reader)).catch(brokenOff);
      for (const one of found) console.log(lineOf({ ...one, name: one.name || name }));
      losses += found.reduce((sum, one) => sum + one.losses.length, 0);
      outcomes.set(nameOf({ kind: 'scenario', name }), outcomeOf(found, (performance.now() - began) / 1000));
    }
  } finally {
    reader.close();
    if (losses === 0) rmSync(folder, { recursive: true, force: true });
  }
}

/** An error counts as a loss, so that the other scenarios still run. @param {unknown} error @returns {import('../tests/faults/scenarios.mjs').Finding[]} */
function brokenOff(error) {
  return [{ name: '', points: 0, checked: 0, repaired: 0, losses: [String(error instanceof Error ? error.stack : error)] }];
}

/** @param {import('../tests/faults/scenarios.mjs').Finding[]} found @param {number} seconds @returns {Outcome} */
function outcomeOf(found, seconds) {
  const losses = found.flatMap((one) => one.losses);
  if (losses.length > 0) return { outcome: 'failed', seconds, reason: losses.slice(0, 10).join('\n') };
  const skipped = found.find((one) => one.skipped)?.skipped;
  if (skipped) return { outcome: 'skipped', seconds, reason: skipped };
  const isEmpty = found.every(({ points, checked }) => points === 0 || checked === 0);
  return isEmpty ? { outcome: 'failed', seconds, reason: 'Nothing was tried.' } : { outcome: 'passed', seconds };
}

/** @param {import('../tests/faults/scenarios.mjs').Finding} result */
function lineOf({ name, points, checked, repaired, losses, skipped }) {
  if (skipped) return `skipped ${name}: ${skipped}`;
  const counts = `${name}: ${points} faults, ${checked} kept, ${repaired} repaired, ${losses.length} lost`;
  return [counts, ...losses.slice(0, 10).map((loss) => `  ${loss}`)].join('\n');
}

/** @param {import('../tests/faults/cases.mjs').Case} one @param {Map<string, Outcome>} outcomes @returns {Row} */
function rowOf({ id, sentence, isBlocker = false, holders }, outcomes) {
  const heldBy = holders.map(nameOf);
  const found = heldBy.map((name) => ({ name, ...(outcomes.get(name) ?? { outcome: /** @type {const} */ ('not run'), seconds: 0 }) }));
  const has = (/** @type {string} */ wanted) => found.some(({ outcome }) => outcome === wanted);
  const outcome = has('failed') ? 'failed' : has('passed') ? 'passed' : has('skipped') ? 'skipped' : 'not run';
  const details = found.flatMap(({ name, outcome, reason }) =>
    outcome === 'failed' || outcome === 'skipped' ? [`${outcome}: ${name}: ${reason}`] : [],
  );
  return { id, sentence, isBlocker, heldBy, outcome, seconds: found.reduce((sum, one) => sum + one.seconds, 0), details };
}

/** @param {Row[]} rows */
function tableOf(rows) {
  const lines = rows.map(
    ({ id, isBlocker, sentence, heldBy, outcome, seconds }) =>
      `| ${id}${isBlocker ? ' (blocker)' : ''} | ${sentence} | ${heldBy.join('<br>')} | ${outcome} | ${seconds.toFixed(1)} |`,
  );
  return ['| REL | Sentence | Held by | Outcome | Seconds |', '|---|---|---|---|---:|', ...lines, ''].join('\n');
}
