// `npm test`: runs the tests that every change must pass, in both languages and in a real VS Code; the last line has the totals.
//   --only csharp|typescript|e2e|bench|faults|setup   one suite     --changed   tests that changes since the upstream branch can affect
//   --update   rewrites expected files and pictures (UPDATE=1)
//   --full   every scenario in VS Code, and code coverage (`npm run test:full`)     --shard 1/4   a part of those scenarios
// Tests that start the sidecar use the native program; with PLUE_TEST_SIDECAR=debug the debug build.
import { parseArgs } from 'node:util';
import { runBenchTests } from './lib/benchTests.mjs';
import { build, installPackages } from './lib/build.mjs';
import { affectedBy, changeBase, changedFiles } from './lib/changes.mjs';
import { runCSharpTests } from './lib/csharpTests.mjs';
import { runE2eTests } from './lib/e2eTests.mjs';
import { runFaultTests } from './lib/faultTests.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { Stop, WrongOption, runMain } from './lib/progress.mjs';
import { shardOf } from './lib/shard.mjs';
import { sidecarUnderTest } from './lib/publish.mjs';
import { runSetupTests } from './lib/setupTests.mjs';
import { installTestPrograms } from './lib/testPrograms.mjs';
import { report } from './lib/testResults.mjs';
import { runTypeScriptTests } from './lib/typescriptTests.mjs';

/**
 * @typedef {{isFull: boolean, shard?: string, changes?: import('./lib/changes.mjs').Affected}} TestOptions `changes` limits the tests to those that are
 * affected.
 */
/** @type {Record<string, {suite: string, run: (options: TestOptions) => Promise<import('./lib/testResults.mjs').SuiteResult>}>} */
const suites = {
  csharp: { suite: 'C#', run: runCSharpTests },
  typescript: { suite: 'TypeScript', run: runTypeScriptTests },
  e2e: { suite: 'VS Code', run: runE2eTests },
  bench: { suite: 'Benchmark', run: runBenchTests },
  faults: { suite: 'Faults', run: runFaultTests },
  setup: { suite: 'Setup', run: runSetupTests },
};
/** Runs only in a full run. */
const fullOnly = ['setup'];

await runMain(async () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      update: { type: 'boolean' },
      changed: { type: 'boolean' },
      full: { type: 'boolean' },
      shard: { type: 'string' },
    },
  });
  const chosen = values.only ?? Object.keys(suites).filter((name) => values.full || !fullOnly.includes(name));
  const unknown = chosen.find((name) => !(name in suites));
  // Checked before packages are installed and programs are built.
  shardOf(values.shard);
  if (unknown) throw new WrongOption(`There is no suite \`${unknown}\`: ${Object.keys(suites).join(', ')}.`);
  if (values.update) process.env.UPDATE = '1';
  const base = values.changed ? await changeBase() : undefined;
  const changes = base === undefined ? undefined : affectedBy(base, await changedFiles(base));
  const options = { isFull: values.full ?? false, shard: values.shard, changes };
  requireNode();
  await requireDotnet();
  await installPackages();
  await installTestPrograms();
  await build();
  const program = await sidecarUnderTest();
  // Coverage counts only the debug build, including processes that C# tests start.
  if (!options.isFull && process.env.PLUE_TEST_SIDECAR !== 'debug') process.env.PLUE_TEST_PROGRAM = program;
  const results = [];
  for (const name of chosen.filter((name) => isAffected(name, changes))) results.push(await settled(suites[name], options));
  return report(results);
});

/** @param {string} suite @param {import('./lib/changes.mjs').Affected | undefined} changes */
function isAffected(suite, changes) {
  if (suite === 'e2e') return changes?.scenarios.length !== 0;
  return (suite !== 'bench' && suite !== 'faults') || changes?.isMeasured !== false;
}

/**
 * Reports a suite that cannot start as a failed test, so that the others still run and are counted.
 * @param {(typeof suites)[string]} suite @param {TestOptions} options @returns {Promise<import('./lib/testResults.mjs').SuiteResult>}
 */
async function settled({ suite, run }, options) {
  const started = performance.now();
  const result = await run(options).catch((error) => {
    const reason = error instanceof Stop ? error.message : String(error instanceof Error ? error.stack : error);
    return { suite, tests: [{ name: `The ${suite} tests start`, outcome: /** @type {const} */ ('failed'), reason }] };
  });
  return { ...result, seconds: (performance.now() - started) / 1000 };
}
