// `npm run publish:sidecar [-- --rid RID]`: publishes the sidecar as it ships, to artifacts/publish/<rid>/plue.
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { hostRid, publishedSidecar } from './lib/publish.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { runMain } from './lib/progress.mjs';

await runMain(async () => {
  const { values } = parseArgs({ options: { rid: { type: 'string', default: hostRid() } } });
  requireNode();
  await requireDotnet();
  const executable = await publishedSidecar(values.rid);
  console.log(`${executable}  ${(statSync(executable).size / 1e6).toFixed(1)} MB`);
});
