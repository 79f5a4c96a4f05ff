// The browser for tests: from PATH, or else Debian's package if it may be installed.
import { Stop, step } from './progress.mjs';
import { findOnPath, run, runOrStop } from './run.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** @returns {Promise<string>} The executable's path. PLUE_CHROMIUM overrides it. */
export async function requireChromium() {
  const found = findChromium();
  if (found) return found;
  if (process.getuid?.() === 0 && findOnPath('apt-get')) {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    // Includes a font for Plue's Chinese texts.
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

/** Returns the executable's path, if there is one. */
export function findChromium() {
  if (process.env.PLUE_CHROMIUM) return process.env.PLUE_CHROMIUM;
  for (const name of names) {
    const path = findOnPath(name);
    if (path) return path;
  }
  return undefined;
}
