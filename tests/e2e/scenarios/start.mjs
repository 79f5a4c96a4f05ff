// `npm start` without a desktop, the first command of a new contributor.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cache, inArtifacts, inRoot } from '../../../scripts/lib/paths.mjs';
import { startInBackground } from '../../../scripts/lib/run.mjs';
import { bareEnvironment } from '../runner/vsCode.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const folder = mkdtempSync(join(tmpdir(), 'plue-e2e-start-'));
  mkdirSync(join(folder, 'home'));
  const started = startInBackground(process.execPath, [inRoot('scripts', 'start.mjs'), '--browser', '--no-open', '--port', '0'], {
    env: { ...bareEnvironment(), HOME: join(folder, 'home'), PLUE_HOME: join(folder, 'plue'), PLUE_CACHE: cache },
  });
  const page = await scenario.browser.newPage({ viewport: { width: 1280, height: 800 } });
  try {
    let address = '';
    await scenario.step('npm start prints the address of a VS Code', async () => {
      address = await printedAddress(started);
      assert.match(address, /^http:\/\/127\.0\.0\.1:/);
    });
    await scenario.step('A newcomer reaches a streaming answer there', async () => {
      await page.goto(address);
      const chat = page.frameLocator('iframe.webview.ready').frameLocator('#active-frame');
      const composer = chat.getByRole('textbox', { name: 'Message' });
      await composer.waitFor({ timeout: 60_000 });
      await composer.fill('What is Plue?');
      await chat.locator('button[aria-label^="Send"][aria-disabled="false"]').waitFor();
      await composer.press('Enter');
      await chat.getByText('This is a recording').first().waitFor({ timeout: 60_000 });
      await page.screenshot({ path: inArtifacts('screenshots', 'start-02-a-newcomer-reaches-a-streaming-answer.png') });
    });
  } finally {
    await page.close();
    await started.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Returns the first address that it prints; throws with its output if it ends before. @param {import('../../../scripts/lib/run.mjs').Background} started */
async function printedAddress({ child, exited }) {
  let output = '';
  const found = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
        output += text;
        const address = /^http:\/\/127\.0\.0\.1:\S+$/m.exec(output);
        if (address) resolve(address[0]);
      });
    }
  });
  return Promise.race([
    found,
    exited.then((code) => {
      throw new Error(`npm start ended with ${code}:\n${output}`);
    }),
  ]);
}
