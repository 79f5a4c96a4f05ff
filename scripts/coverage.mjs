// `npm run coverage`: the tests that measure lines, then artifacts/coverage/report.md with what they do not run, room by room.
//   --last   only the report, from what ran last
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { writeReport } from './lib/coverage.mjs';
import { inRoot, root } from './lib/paths.mjs';
import { runMain, say } from './lib/progress.mjs';
import { run } from './lib/run.mjs';

await runMain(async () => {
  const { values } = parseArgs({ options: { last: { type: 'boolean' } } });
  const suites = ['csharp', 'typescript', 'e2e'].flatMap((name) => ['--only', name]);
  const code = values.last ? 0 : (await run(process.execPath, [inRoot('scripts', 'test.mjs'), '--full', ...suites], { show: true })).code;
  say(`What no test runs: ${relative(root, writeReport())}`);
  return code;
});
