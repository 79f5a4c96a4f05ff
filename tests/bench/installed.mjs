// What an installed Plue costs: the size of its packages, and how long VS Code needs to activate it.
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { chromium } from 'playwright-core';
import { browserArguments } from '../e2e/runner/browser.mjs';
import { Workbench } from '../e2e/runner/workbench.mjs';
import { median } from './measure.mjs';

/** Those of `npm run package`, if it was run. @param {string} folder @returns {import('./chats.mjs').Figure[]} */
export function packageSizes(folder) {
  let names = [];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.vsix'));
  } catch {
    return [];
  }
  return names.map((name) => ({
    ...{ name: `package \`${basename(name)}\``, unit: 'MB', digits: 1 },
    plue: statSync(join(folder, name)).size / 1e6,
  }));
}

/**
 * As VS Code itself tells it, each time in a window that was opened anew.
 * @param {string} chrome The browser. @param {number} rounds @returns {Promise<import('./chats.mjs').Figure[]>}
 */
export async function activation(chrome, rounds) {
  const browser = await chromium.launch({ executablePath: chrome, args: browserArguments });
  try {
    const workbench = await Workbench.open(browser, 'bench');
    try {
      /** @type {number[]} */ const taken = [];
      for (let round = 0; round <= rounds; round++) {
        await workbench.show();
        await workbench.page.locator('.statusbar-item', { hasText: 'Plue' }).first().waitFor({ timeout: 60_000 });
        await workbench.command('Developer: Show Running Extensions');
        const row = workbench.page.locator('.runtime-extensions-editor .monaco-list-row').filter({ hasText: 'Plue' });
        const words = await row
          .filter({ hasText: /Activation: \d+ms/ })
          .first()
          .innerText({ timeout: 60_000 });
        // The first window warms up and is not counted.
        if (round > 0) taken.push(Number(/Activation: (\d+)ms/.exec(words)?.[1]));
      }
      return [{ name: 'the extension: activation', unit: 'ms', digits: 0, plue: median(taken) }];
    } finally {
      await workbench.close();
    }
  } finally {
    await browser.close();
  }
}
