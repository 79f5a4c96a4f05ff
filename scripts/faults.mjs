// `npm run faults`: breaks saving in every way that a machine breaks it, then opens everything: what was acknowledged is there. Some minutes.
//   --short  every fourteenth place     --every N  every N-th place     --only WORDS  the stories whose name has them
// One line a story: faults injected, acknowledged steps found again, repairs. The result also goes to artifacts/faults.
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Reader, stories } from '../tests/faults/stories.mjs';
import { whyNot } from '../tests/faults/strace.mjs';
import { sidecarSources } from './lib/build.mjs';
import { newestChange } from './lib/fingerprint.mjs';
import { inArtifacts } from './lib/paths.mjs';
import { requireDotnet, requireNode } from './lib/prerequisites.mjs';
import { runMain, step } from './lib/progress.mjs';
import { runOrStop } from './lib/run.mjs';

await runMain(async () => {
  const { values } = parseArgs({ options: { short: { type: 'boolean' }, every: { type: 'string' }, only: { type: 'string' } } });
  requireNode();
  await requireDotnet();
  await step('Building the story', async () => {
    for (const tool of ['FaultStory', 'JournalWriter']) {
      const made = statSync(inArtifacts('bin', tool, 'debug', `${tool}.dll`), { throwIfNoEntry: false })?.mtimeMs ?? 0;
      if (made < newestChange([...sidecarSources, `tests/Tools/${tool}`]))
        await runOrStop('dotnet', ['build', `tests/Tools/${tool}`, '--nologo', '-v', 'q']);
    }
  });
  mkdirSync(inArtifacts('faults'), { recursive: true });
  // In memory, because there is much to write and no power is cut here.
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'plue-faults-'));
  const setting = { folder, every: Number(values.every ?? (values.short ? 14 : 1)), noStrace: await whyNot() };
  const reader = new Reader();
  const told = [];
  try {
    for (const { name, needs, tell } of stories.filter(({ name }) => name.includes(values.only ?? ''))) {
      const found =
        needs && setting.noStrace
          ? [{ name, points: 0, checked: 0, repaired: 0, losses: [], skipped: setting.noStrace }]
          : await step(`Faults: ${name}`, () => tell(setting, reader));
      const named = found.map((one) => ({ ...one, name: one.name || name }));
      for (const one of named) console.log(lineOf(one));
      told.push(...named);
    }
  } finally {
    reader.close();
    if (told.every(({ losses }) => losses.length === 0)) rmSync(folder, { recursive: true, force: true });
  }
  writeFileSync(inArtifacts('faults', values.short ? 'short.json' : 'report.json'), JSON.stringify(told, null, 2));
  return told.some(({ losses }) => losses.length > 0) ? 1 : 0;
});

/** @param {import('../tests/faults/stories.mjs').Told} told */
function lineOf({ name, points, checked, repaired, losses, skipped }) {
  if (skipped) return `skipped ${name}: ${skipped}`;
  const counts = `${name}: ${points} faults, ${checked} kept, ${repaired} repaired, ${losses.length} lost`;
  return [counts, ...losses.slice(0, 10).map((loss) => `  ${loss}`)].join('\n');
}
