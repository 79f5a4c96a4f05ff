// What an installed Plue costs: the size of its packages, and in a real VS Code its activation, opening a chat and the first keystroke. Beside it stands an
// extension that does the least for the same: the rest of the time is VS Code's own.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { chromium } from 'playwright-core';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { browserArguments } from '../e2e/runner/browser.mjs';
import { Workbench } from '../e2e/runner/workbench.mjs';
import { editorFigures } from './inEditor.mjs';
import { median } from './measure.mjs';

const chats = 12;
const wait = { timeout: 60_000 };

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
 * @param {string} chrome The browser. @param {import('./measure.mjs').Program} maker Of chats. @param {number} rounds Fewer than there are chats.
 * @returns {Promise<import('./chats.mjs').Figure[]>}
 */
export async function windowFigures(chrome, maker, rounds) {
  const browser = await chromium.launch({ executablePath: chrome, args: browserArguments });
  try {
    const workbench = await Workbench.open(browser, 'bench', {
      prepare: (home) => {
        execFileSync(maker.command, [...maker.args, 'make', home, String(chats), '200', '600']);
        cpSync(inRoot('tests', 'bench', 'bareExtension'), join(home, '..', 'extensions', 'bench.bare-extension-1.0.0'), {
          recursive: true,
        });
      },
    });
    try {
      await workbench.page.addInitScript(watchPage);
      const activated = await activations(workbench, rounds);
      const opened = await openings(workbench, rounds);
      const typed = await keystrokes(workbench, rounds);
      const figure = { unit: 'ms', digits: 0 };
      return [
        { ...figure, name: 'the extension: activation; bare: an extension with an empty page', ...activated },
        { ...figure, name: 'from a click on a chat to its messages; bare: to a page of one message', ...opened },
        { ...figure, name: 'from a window to the first keystroke in its chat; bare: in an empty page', ...typed },
        ...(await editorFigures(browser, maker, rounds)),
      ];
    } finally {
      await workbench.close();
    }
  } finally {
    await browser.close();
  }
}

/** As measured by VS Code itself, each time in a new window. @param {Workbench} workbench @param {number} rounds */
async function activations(workbench, rounds) {
  /** @type {number[]} */ const plue = [];
  /** @type {number[]} */ const bare = [];
  for (let round = 0; round <= rounds; round++) {
    await workbench.show();
    await workbench.page.locator('.statusbar-item', { hasText: 'Plue' }).first().waitFor(wait);
    await workbench.command('Bare: Start');
    await workbench.command('Developer: Show Running Extensions');
    const editor = workbench.page.locator('.runtime-extensions-editor');
    await editor.locator('.monaco-list').focus();
    const taken = async (/** @type {string} */ name) => {
      const row = editor
        .locator('.monaco-list-row')
        .filter({ hasText: name })
        .filter({ hasText: /Activation: \d+ms/ });
      // The list keeps only the rows in view.
      await workbench.page.keyboard.press('Home');
      await workbench.until(async () => {
        if ((await row.count()) > 0) return true;
        await workbench.page.keyboard.press('PageDown');
        return false;
      }, wait.timeout);
      return Number(/Activation: (\d+)ms/.exec(await row.first().innerText())?.[1]);
    };
    const both = [await taken('Plue'), await taken('Bare extension')];
    // The first window warms up and is not counted.
    if (round === 0) continue;
    plue.push(both[0]);
    bare.push(both[1]);
  }
  return { plue: median(plue), bare: median(bare) };
}

/** @param {Workbench} workbench @param {number} rounds */
async function openings(workbench, rounds) {
  const { page } = workbench;
  /** @type {number[]} */ const plue = [];
  /** @type {number[]} */ const bare = [];
  await workbench.show();
  await page.getByRole('tab', { name: 'Plue', exact: true }).click();
  await page.locator('.pane-body .monaco-list-row').filter({ hasText: 'Older' }).click();
  const rows = page.locator('.pane-body [role="treeitem"][aria-level="2"]');
  await rows.nth(chats - 1).waitFor(wait);
  for (let round = 0; round <= rounds; round++) {
    await rows.nth(round).click();
    const painted = await seenIn(workbench, 'paintedAt');
    const clicked = await page.evaluate(() => Reflect.get(window, 'clickedAt'));
    await workbench.command('Bare: Open');
    const bareAt = await seenIn(workbench, 'paintedAt');
    const ran = await page.evaluate(() => Reflect.get(window, 'clickedAt'));
    if (round === 0) continue;
    plue.push(painted - clicked);
    bare.push(bareAt - ran);
  }
  return { plue: median(plue), bare: median(bare) };
}

/** In a window with one page, from the workbench's own start to a key that is shown. @param {Workbench} workbench @param {number} rounds */
async function keystrokes(workbench, rounds) {
  const inFront = async (/** @type {() => Promise<void>} */ open) => {
    await workbench.command('View: Close All Editors');
    await open();
    await seenIn(workbench, 'paintedAt');
    /** @type {number[]} */ const taken = [];
    for (let round = 0; round <= rounds; round++) {
      await workbench.reload();
      const writable = await seenIn(workbench, 'writableAt');
      const frame = await seenFrame(workbench, 'writableAt');
      const ready = await workbench.page.evaluate(
        () => performance.timeOrigin + (performance.getEntriesByName('code/didStartWorkbench')[0]?.startTime ?? NaN),
      );
      await frame.locator('textarea').first().press('x', wait);
      await frame.waitForFunction(() => Reflect.get(window, 'typedMs') !== undefined, undefined, wait);
      const shown = await frame.evaluate(() => Reflect.get(window, 'typedMs'));
      if (round > 0) taken.push(writable - ready + shown);
    }
    return median(taken);
  };
  const first = workbench.page.locator('.pane-body [role="treeitem"][aria-level="2"]').first();
  return { plue: await inFront(() => first.click()), bare: await inFront(() => workbench.command('Bare: Open')) };
}

/** @typedef {'paintedAt' | 'writableAt'} Moment */

/** Waits for it in a page that was not asked before. @param {Workbench} workbench @param {Moment} moment @returns {Promise<number>} */
async function seenIn(workbench, moment) {
  const frame = await seenFrame(workbench, moment, true);
  return frame.evaluate((moment) => {
    Reflect.set(window, `${moment}Taken`, true);
    return Reflect.get(window, moment);
  }, moment);
}

/** @param {Workbench} workbench @param {Moment} moment @param {boolean} [isNew] */
async function seenFrame(workbench, moment, isNew = false) {
  /** @type {import('playwright-core').Frame | undefined} */
  let found;
  await workbench.until(async () => {
    for (const frame of workbench.page.frames().slice(1)) {
      const seen = frame.evaluate(
        ([moment, isNew]) => Reflect.get(window, String(moment)) !== undefined && !(isNew && Reflect.get(window, `${moment}Taken`)),
        [moment, isNew],
      );
      // A frame that goes meanwhile is none of those wanted, and one that is being replaced may not reply.
      const late = workbench.page.waitForTimeout(1_000).then(() => false);
      if (await Promise.race([seen.catch(() => false), late])) found = frame;
    }
    return found !== undefined;
  }, wait.timeout);
  if (found === undefined) throw new Error('No page was seen.');
  return found;
}

/** In every frame: keeps when something was clicked, and in a page when its text box and its first message were there. VS Code writes a page into a document that is there before it. */
function watchPage() {
  const now = () => performance.timeOrigin + performance.now();
  const note = (/** @type {string} */ name, /** @type {number} */ value) => {
    if (Reflect.get(window, name) === undefined) Reflect.set(window, name, value);
  };
  if (window.top === window) {
    addEventListener('click', (event) => Reflect.set(window, 'clickedAt', performance.timeOrigin + event.timeStamp), true);
    return;
  }
  const look = () => {
    const box = document.querySelector('textarea:not([disabled])');
    if (box !== null && Reflect.get(window, 'writableAt') === undefined) {
      note('writableAt', now());
      addEventListener('input', ({ timeStamp }) => requestAnimationFrame(() => note('typedMs', performance.now() - timeStamp)), true);
    }
    // After the frame that shows it.
    if (document.querySelector('article') !== null) requestAnimationFrame(() => setTimeout(() => note('paintedAt', now())));
    else setTimeout(look, 4);
  };
  setTimeout(look, 4);
}
