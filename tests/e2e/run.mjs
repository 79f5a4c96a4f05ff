// Runs the tests in a real VS Code: the suite inside its extension host and the scenarios in the workbench, two at a time.
// Results go to artifacts/tests/e2e.json, a picture of each failed step to artifacts/screenshots.
//   node tests/e2e/run.mjs                    the suite and the main path of each feature, as in `npm test`
//   node tests/e2e/run.mjs scenario ...       only these (a scenario is the name of a file, `inHost` the suite)
//   node tests/e2e/run.mjs --all              all of them     --shard 1/4   the first quarter of them
//   --workers 1                               one at a time
// Visual checks in other themes run everywhere except in the main path.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { inArtifacts, inRoot } from '../../scripts/lib/paths.mjs';
import { WrongOption, runMain, say } from '../../scripts/lib/progress.mjs';
import { shardOf } from '../../scripts/lib/shard.mjs';
import { Worker, inHost } from './runner/worker.mjs';

/** Started first, so that none of them runs alone at the end. */
const longest = ['package', 'tools', 'agents', 'providersPage'];

/** The main path of each feature, which runs for every change. */
const mainScenarios = [
  inHost,
  'agents',
  'backgroundCommands',
  'chat',
  'chatView',
  'claudeCode',
  'compare',
  'crash',
  'editorTools',
  'firstRun',
  'folders',
  'isolation',
  'keepRunning',
  'package',
  'providersPage',
  'reviewChanges',
  'search',
  'servers',
  'start',
  'templates',
  'tools',
  'triggers',
  'trust',
];

await runMain(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { all: { type: 'boolean' }, shard: { type: 'string' }, workers: { type: 'string', default: '2' } },
  });
  const scenarios = readdirSync(inRoot('tests', 'e2e', 'scenarios')).map((file) => basename(file, '.mjs'));
  const isWhole = positionals.length === 0;
  const named = isWhole ? (values.all ? [inHost, ...scenarios] : mainScenarios) : positionals;
  const unknown = named.find((name) => name !== inHost && !scenarios.includes(name));
  if (unknown) throw new WrongOption(`There is no scenario \`${unknown}\`: ${scenarios.join(', ')}.`);
  const chosen = shardOf(values.shard)(named.sort());
  const screenshots = inArtifacts('screenshots');
  if (isWhole) rmSync(screenshots, { recursive: true, force: true });
  mkdirSync(screenshots, { recursive: true });
  const isVisual = !isWhole || values.all === true || process.env.UPDATE !== undefined;
  const waiting = [...chosen].sort((a, b) => Number(longest.includes(b)) - Number(longest.includes(a)));
  /** @type {import('../../scripts/lib/testResults.mjs').TestResult[]} */
  const results = [];
  await Promise.all(Array.from({ length: Number(values.workers) }, () => work(waiting, isVisual, results)));
  mkdirSync(inArtifacts('tests'), { recursive: true });
  writeFileSync(inArtifacts('tests', 'e2e.json'), JSON.stringify(results, null, 2));
  say(`Pictures: ${screenshots}`);
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
});

/**
 * Runs waiting scenarios one at a time, until none is left.
 * @param {string[]} waiting @param {boolean} isVisual @param {import('../../scripts/lib/testResults.mjs').TestResult[]} results
 */
async function work(waiting, isVisual, results) {
  const worker = await Worker.start(isVisual);
  try {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) results.push(...(await worker.run(name)));
  } finally {
    await worker.stop();
  }
}
