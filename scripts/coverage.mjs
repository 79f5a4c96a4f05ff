// `npm run coverage`: measures line and branch coverage of the C# and TypeScript tests; artifacts/coverage/report/index.html has a page for each file.
//   --last   only creates the pages, from the last measurement
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { coverageReports } from './lib/coverage.mjs';
import { inArtifacts, inRoot, root } from './lib/paths.mjs';
import { Stop, runMain, say, step } from './lib/progress.mjs';
import { run, runOrStop } from './lib/run.mjs';

const pages = inArtifacts('coverage', 'report');

await runMain(async () => {
  const { values } = parseArgs({ options: { last: { type: 'boolean' } } });
  const suites = ['csharp', 'typescript'].flatMap((name) => ['--only', name]);
  const code = values.last ? 0 : (await run(process.execPath, [inRoot('scripts', 'test.mjs'), '--full', ...suites], { show: true })).code;
  const reports = Object.values(coverageReports).filter((path) => existsSync(path));
  if (reports.length === 0) throw new Stop('Nothing was measured yet. Run `npm run coverage` without --last.');
  await step('Writing the pages', async () => {
    await runOrStop('dotnet', ['tool', 'restore']);
    await runOrStop('dotnet', [
      ...['tool', 'run', 'reportgenerator', `-reports:${reports.join(';')}`, `-targetdir:${pages}`, '-reporttypes:Html'],
      '-filefilters:-*/obj/*',
    ]);
  });
  say(`What the tests run: ${relative(root, pages)}/index.html`);
  return code;
});
