// A browser for the tests: what is on PATH, else Debian's package where we may install it.
import { Stop, step } from './progress.mjs';
import { findOnPath, run, runOrStop } from './run.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** @returns {Promise<string>} The executable's path. PLUE_CHROMIUM names another one. */
export async function requireChromium() {
  const found = findChromium();
  if (found) return found;
  if (process.getuid?.() === 0 && findOnPath('apt-get')) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    // Plue speaks Chinese too.
    await step('Installing Chromium (once)', async () => {
      await run('apt-get', ['update', '-q'], { env });
      await runOrStop('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium', 'fonts-wqy-zenhei'], { env });
    });
    const installed = findChromium();
    if (installed) return installed;
  }
  throw new Stop(
    'The tests in a real VS Code need Chromium or Chrome: install it (Debian: `apt-get install chromium`) or name one in PLUE_CHROMIUM.',
  );
}

/** The executable's path, where there is one. */
export function findChromium() {
  if (process.env.PLUE_CHROMIUM) return process.env.PLUE_CHROMIUM;
  for (const name of names) {
    const path = findOnPath(name);
    if (path) return path;
  }
  return undefined;
}
