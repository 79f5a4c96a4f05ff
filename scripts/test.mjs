// `npm test`: every test of both languages and those in a real VS Code; the last line counts them all.
//   --only csharp|typescript|e2e|bench|faults   one suite     --update   rewrite expected files and pictures (UPDATE=1)
import { parseArgs } from 'node:util';
import { runBenchTests } from './lib/benchTests.mjs';
import { build, installPackages } from './lib/build.mjs';
import { coverageResults } from './lib/coverage.mjs';
import { runCSharpTests } from './lib/csharpTests.mjs';
import { runE2eTests } from './lib/e2eTests.mjs';
import { runFaultTests } from './lib/faultTests.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { Stop, runMain } from './lib/progress.mjs';
import { report } from './lib/testResults.mjs';
import { runTypeScriptTests } from './lib/typescriptTests.mjs';

/** @type {Record<string, {suite: string, run: () => Promise<import('./lib/testResults.mjs').SuiteResult>}>} */
const suites = {
  csharp: { suite: 'C#', run: runCSharpTests },
  typescript: { suite: 'TypeScript', run: runTypeScriptTests },
  e2e: { suite: 'VS Code', run: runE2eTests },
  bench: { suite: 'Benchmark', run: runBenchTests },
  faults: { suite: 'Faults', run: runFaultTests },
};

await runMain(async () => {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, update: { type: 'boolean' } } });
  const chosen = values.only ?? Object.keys(suites);
  const unknown = chosen.find((name) => !(name in suites));
  if (unknown) throw new Stop(`There is no suite \`${unknown}\`: ${Object.keys(suites).join(', ')}.`);
  if (values.update) process.env.UPDATE = '1';
  requireNode();
  await requireDotnet();
  await installPackages();
  await build();
  const results = [];
  for (const name of chosen) results.push(await settled(suites[name]));
  return report([...results, coverageResults(results)]);
});

/** A suite that cannot even start is a failed test, so that the others still run and the count is told. @param {{suite: string, run: () => Promise<import('./lib/testResults.mjs').SuiteResult>}} suite */
async function settled({ suite, run }) {
  try {
    return await run();
  } catch (error) {
    const reason = error instanceof Stop ? error.message : String(error instanceof Error ? error.stack : error);
    return { suite, tests: [{ name: `The ${suite} tests start`, outcome: /** @type {const} */ ('failed'), reason }] };
  }
}
