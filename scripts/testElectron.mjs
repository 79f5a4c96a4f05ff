// `npm run test:electron`: runs the suite inside the extension host, in a desktop VS Code that @vscode/test-electron downloads.
// Requires a desktop and a network; `npm test` runs the same suite without them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, installPackages } from './lib/build.mjs';
import { root } from './lib/paths.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { Stop, runMain } from './lib/progress.mjs';
import { report, suiteResult } from './lib/testResults.mjs';

await runMain(async () => {
  parseArgs({});
  requireNode();
  await requireDotnet();
  await installPackages();
  await build();
  const { runTests, downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  const { buildInHostSuite, inHostBundle, readResults } = await import('../tests/e2e/runner/inHostSuite.mjs');
  await buildInHostSuite();
  const vscodeExecutablePath = await downloadAndUnzipVSCode().catch((error) => {
    throw new Stop(`VS Code could not be downloaded (${error.message}). \`npm test\` runs the same suite without it.`);
  });
  const home = mkdtempSync(join(tmpdir(), 'plue-electron-'));
  const results = join(home, 'results.json');
  try {
    const code = await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: root,
      extensionTestsPath: inHostBundle,
      extensionTestsEnv: { PLUE_HOME: join(home, 'plue'), PLUE_TEST_RESULTS: results },
      launchArgs: ['--disable-extensions', '--disable-workspace-trust', '--user-data-dir', join(home, 'user')],
    }).catch(() => 1);
    return report([suiteResult('VS Code', readResults(results), { code, output: 'VS Code ended before the suite did.' })]);
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
});
