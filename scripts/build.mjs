// `npm run build`: builds the extension's host and pages, and the development sidecar. Skips parts whose sources did not change.
import { parseArgs } from 'node:util';
import { buildExtension, buildSidecar } from './lib/build.mjs';
import { runMain } from './lib/progress.mjs';

await runMain(async () => {
  parseArgs({});
  for (const [name, make] of Object.entries({ extension: buildExtension, sidecar: buildSidecar })) {
    const began = performance.now();
    const isNew = await make({ show: true });
    console.log(`${name}: ${isNew ? 'built' : 'up to date'} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  }
});
