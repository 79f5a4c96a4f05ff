// `npm run format`: formats both languages.
import { parseArgs } from 'node:util';
import { runMain } from './lib/progress.mjs';
import { runOrStop } from './lib/run.mjs';

await runMain(async () => {
  parseArgs({});
  await runOrStop('npx', ['prettier', '--write', '--log-level', 'warn', '.'], { show: true });
  await runOrStop('dotnet', ['tool', 'restore']);
  await runOrStop('dotnet', ['csharpier', 'format', '.'], { show: true });
});
