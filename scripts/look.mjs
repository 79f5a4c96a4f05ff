// `npm run look`: takes pictures of all views in a real VS Code, in each theme, at 100 % and 200 %, narrow and wide, empty, loading, full and failing.
// Pictures, contact sheets and automatic findings go to artifacts/look; findings do not make it fail.
//   node scripts/look.mjs [view ...]   only these views, such as chat or providers     --quick   each theme in only one size, each size in one theme
import { rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { Album } from '../tests/e2e/look/album.mjs';
import { makeSheets } from '../tests/e2e/look/sheets.mjs';
import { opener, states } from '../tests/e2e/look/states.mjs';
import { browserArguments } from '../tests/e2e/runner/browser.mjs';
import { build } from './lib/build.mjs';
import { requireChromium } from './lib/chromium.mjs';
import { inArtifacts } from './lib/paths.mjs';
import { WrongOption, runMain, say, step } from './lib/progress.mjs';

await runMain(async () => {
  const { values, positionals } = parseArgs({ options: { quick: { type: 'boolean' } }, allowPositionals: true });
  const views = Object.values(states).flatMap((set) => set.views);
  const unknown = positionals.find((view) => !views.includes(view));
  if (unknown !== undefined) throw new WrongOption(`There is no view \`${unknown}\`: ${views.join(', ')}.`);
  await build();
  const folder = inArtifacts('look');
  if (positionals.length === 0) rmSync(folder, { recursive: true, force: true });
  const album = new Album(folder, { ...(positionals.length > 0 ? { views: positionals } : {}), isQuick: values.quick ?? false });
  const browser = await chromium.launch({ executablePath: await requireChromium(), args: browserArguments });
  try {
    for (const [name, set] of Object.entries(states)) {
      if (!set.views.some((view) => album.wants(view))) continue;
      await step(`Taking pictures: ${name}`, () => album.scene(set.views, () => set.photograph(album, opener(browser))));
    }
    await step('Making the contact sheets', () => makeSheets(browser, album));
  } finally {
    await browser.close();
  }
  writeFileSync(inArtifacts('look', 'findings.json'), JSON.stringify(album.findings, null, 2));
  for (const { where, what } of album.findings) say(`  ${where}: ${what}`);
  say(`${album.photographs.length} pictures, ${album.findings.length} findings: ${folder}`);
  for (const failure of album.failures) say(`  Incomplete: ${failure}`);
  return album.failures.length > 0 ? 1 : 0;
});
