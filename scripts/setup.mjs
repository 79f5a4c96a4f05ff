// `npm run setup`: installs what the tests need besides Node and .NET: npm packages, Debian packages, Chromium and the VS Code server. `npm test` does this
// itself.
import { parseArgs } from 'node:util';
import { installPackages } from './lib/build.mjs';
import { requireChromium } from './lib/chromium.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { runMain, say } from './lib/progress.mjs';
import { installTestPrograms } from './lib/testPrograms.mjs';
import { installVsCodeServer } from './vsCodeServer.mjs';

await runMain(async () => {
  parseArgs({ options: {} });
  requireNode();
  await requireDotnet();
  await installPackages();
  await installTestPrograms();
  say(`Browser: ${await requireChromium()}`);
  say(`VS Code server: ${(await installVsCodeServer()).serverMain}`);
});
