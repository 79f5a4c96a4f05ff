// Runs tests/e2e/inHost inside the real extension host and collects its results.
import { existsSync, readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { inArtifacts, inRoot } from '../../../scripts/lib/paths.mjs';
import { say } from '../../../scripts/lib/progress.mjs';
import { Workbench } from './workbench.mjs';

export const inHostBundle = inArtifacts('e2e', 'inHost.js');
const timeout = 120_000;

export async function buildInHostSuite() {
  await build({
    entryPoints: [inRoot('tests', 'e2e', 'inHost', 'index.ts')],
    outfile: inHostBundle,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['vscode'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
}

/** @param {import('playwright-core').Browser} browser @returns {Promise<import('../../../scripts/lib/testResults.mjs').TestResult[]>} */
export async function runInHostSuite(browser) {
  await buildInHostSuite();
  const resultsFile = inArtifacts('tests', `inHost-${process.pid}.json`);
  const workbench = await Workbench.open(browser, 'inHost', { tests: inHostBundle, env: { PLUE_TEST_RESULTS: resultsFile } });
  /** @type {string[]} */
  const log = [];
  try {
    const ended = new Promise(
      (resolve) => void workbench.page.exposeFunction('codeAutomationExit', (/** @type {number} */ code) => resolve(code)),
    );
    await workbench.page.exposeFunction('codeAutomationLog', (/** @type {string} */ type, /** @type {unknown[]} */ parts) =>
      log.push(`${type}: ${parts.join(' ')}`),
    );
    await workbench.prepare();
    await workbench.page.goto(workbench.url);
    const timer = new Promise((resolve) => setTimeout(resolve, timeout, 'late').unref());
    const ending = await Promise.race([ended, timer]);
    const results = readResults(resultsFile);
    if (results.length === 0 || ending === 'late') {
      const reason = `It ended with ${ending}.\n${log.slice(-40).join('\n')}\n${workbench.recentLog()}`;
      results.push({ name: 'inHost: the suite runs to its end', outcome: 'failed', reason });
    }
    for (const { name, outcome } of results) say(`  ${outcome.padEnd(7)} ${name}`);
    return results;
  } finally {
    await workbench.close();
  }
}

/** @param {string} file @returns {import('../../../scripts/lib/testResults.mjs').TestResult[]} */
export function readResults(file) {
  if (!existsSync(file)) return [];
  return JSON.parse(readFileSync(file, 'utf8'));
}
