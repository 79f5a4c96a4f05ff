// What a person waits for in the editor, in a real VS Code: files after @, the first line of an inline edit, the problems of an edit, and what a window holds.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { inRoot } from '../../scripts/lib/paths.mjs';
import { composer, send, untilFinished } from '../e2e/runner/chatPage.mjs';
import { writeLocalServer } from '../e2e/runner/localServer.mjs';
import { ScriptedEndpoint, scriptedRounds } from '../e2e/runner/scriptedEndpoint.mjs';
import { Workbench } from '../e2e/runner/workbench.mjs';
import { median } from './measure.mjs';

const folders = 200;
const filesInFolder = 500;
const messages = 1_000;
const wait = { timeout: 60_000 };

/** What the model does in a round: it edits a file whose language server finds a problem then, or one that has none. */
const edits = {
  'Break the data': { path: 'data.json', old: '"count": 1', new: '"count": ,' },
  'Repair the data': { path: 'data.json', old: '"count": ,', new: '"count": 1' },
  'Change the notes': { path: 'notes.txt', old: 'first', new: 'second' },
  'Restore the notes': { path: 'notes.txt', old: 'second', new: 'first' },
};

/**
 * @param {import('playwright-core').Browser} browser @param {import('./measure.mjs').Program} maker Of chats. @param {number} rounds
 * @returns {Promise<import('./chats.mjs').Figure[]>}
 */
export async function editorFigures(browser, maker, rounds) {
  const endpoint = await new ScriptedEndpoint().start();
  const script = Object.entries(edits).map(([words, parameters]) => [
    words,
    [{ calls: [{ name: 'edit', parameters }] }, { text: 'Done.' }],
  ]);
  const agent = scriptedRounds(Object.fromEntries(script), 'Edits');
  endpoint.reply = (asked) =>
    JSON.stringify(asked.messages.at(-1)).includes('Selection: `code.py`')
      ? { text: '```python\ndef total(prices):\n    return sum(prices)\n```' }
      : agent(asked);
  const workbench = await Workbench.open(browser, 'bench-editor', {
    settings: { 'plue.chat.location': 'sideBar', 'files.autoSave': 'off', 'editor.accessibilitySupport': 'off' },
    prepare: (home) => plant(home, endpoint, maker),
  });
  workbench.chatPlace = 'view';
  try {
    await workbench.show();
    await workbench.chat.getByRole('button', { name: /^Mode:/ }).waitFor(wait);
    return [
      ...(await filesAfterAt(workbench, rounds)),
      ...(await problemsAfterEdit(workbench, endpoint, rounds)),
      ...(await firstLine(workbench, endpoint, rounds)),
      ...(await heldByWindow(workbench)),
    ];
  } finally {
    await workbench.close();
    await endpoint.stop();
  }
}

/** @param {string} home @param {ScriptedEndpoint} endpoint @param {import('./measure.mjs').Program} maker */
function plant(home, endpoint, maker) {
  writeLocalServer(home, endpoint);
  writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
  execFileSync(maker.command, [...maker.args, 'make', home, '1', String(messages), '600']);
  cpSync(inRoot('tests', 'bench', 'bareExtension'), join(home, '..', 'extensions', 'bench.bare-extension-1.0.0'), { recursive: true });
  const workspace = join(dirname(home), 'workspace');
  writeFileSync(join(workspace, 'data.json'), '{\n  "name": "first",\n  "count": 1\n}\n');
  writeFileSync(join(workspace, 'notes.txt'), 'The first line.\n');
  writeFileSync(
    join(workspace, 'code.py'),
    'def total(prices):\n    result = 0\n    for price in prices:\n        result += price\n    return result\n',
  );
  for (let folder = 0; folder < folders; folder++) {
    const within = join(workspace, 'many', `part${folder}`);
    mkdirSync(within, { recursive: true });
    for (let file = 0; file < filesInFolder; file++) writeFileSync(join(within, `module${folder * filesInFolder + file}.txt`), '');
  }
}

/** From the last key to the file in the list, beside VS Code's own list of files. @param {Workbench} workbench @param {number} rounds */
async function filesAfterAt(workbench, rounds) {
  const { page, chat } = workbench;
  /** @type {number[]} */ const plue = [];
  /** @type {number[]} */ const bare = [];
  for (let round = 0; round <= rounds; round++) {
    const name = `module${54_321 + 1_000 * round}`;
    await composer(workbench).click();
    await page.keyboard.type(`@${name.slice(0, -1)}`);
    await chat.getByRole('option').first().waitFor(wait);
    const frame = await workbench.chatFrame();
    const own = await frame.evaluateHandle(watchRow, ['.completion', `${name}.txt`]);
    await page.keyboard.type(name.slice(-1));
    const took = await (await own.getProperty('row')).evaluate((row) => row, undefined, wait);
    await page.keyboard.press('Escape');
    await chat.locator('.composer textarea').fill('');

    await page.keyboard.press('Control+p');
    const input = page.locator('.quick-input-widget input');
    await input.fill(name.slice(0, -1));
    await page
      .locator('.quick-input-list .monaco-list-row', { hasText: name.slice(0, -1) })
      .first()
      .waitFor(wait);
    const theirs = await page.evaluateHandle(watchRow, ['.quick-input-list .monaco-list-row', `${name}.txt`]);
    await page.keyboard.type(name.slice(-1));
    const other = await (await theirs.getProperty('row')).evaluate((row) => row, undefined, wait);
    await page.keyboard.press('Escape');
    // Both have read the folder then.
    if (round === 0) continue;
    plue.push(took);
    bare.push(other);
  }
  const name = `a key after @ to the file, of ${folders * filesInFolder} in the folder; bare: in VS Code’s own Go to File`;
  return [{ name, unit: 'ms', digits: 0, plue: median(plue), bare: median(bare) }];
}

/** In a page: milliseconds from the next key to a row with these words. @param {[selector: string, words: string]} what */
function watchRow([selector, words]) {
  const row = new Promise((resolve) => {
    addEventListener(
      'keydown',
      ({ timeStamp }) => {
        const look = () => {
          const rows = [...document.querySelectorAll(selector)];
          if (rows[0]?.textContent?.includes(words)) resolve(performance.now() - timeStamp);
          else requestAnimationFrame(look);
        };
        requestAnimationFrame(look);
      },
      { capture: true, once: true },
    );
  });
  return { row };
}

/** From a call to the next request: an edit whose problems are awaited, beside one of a file without a language server. @param {Workbench} workbench @param {ScriptedEndpoint} endpoint @param {number} rounds */
async function problemsAfterEdit(workbench, endpoint, rounds) {
  const { page, chat } = workbench;
  await chat.getByRole('button', { name: /^Mode:/ }).click();
  await chat.getByRole('menuitem', { name: /^Auto-Edit/ }).click();
  for (const file of ['notes.txt', 'data.json']) {
    await page.keyboard.press('Control+p');
    await page.locator('.quick-input-widget input').fill(file);
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: file }).waitFor(wait);
    await page.keyboard.press('Enter');
    await page.locator('.tab.active', { hasText: file }).waitFor(wait);
  }
  const gap = async (/** @type {string} */ words) => {
    /** @type {number[]} */ const times = [];
    const { reply } = endpoint;
    endpoint.reply = (asked) => {
      if (asked.tools !== undefined) times.push(performance.now());
      return reply?.(asked) ?? { text: 'Done.' };
    };
    await send(workbench, words);
    await untilFinished(workbench);
    await workbench.until(async () => times.length === 2);
    endpoint.reply = reply;
    return (times[1] ?? NaN) - (times[0] ?? NaN);
  };
  /** @type {number[]} */ const plue = [];
  /** @type {number[]} */ const bare = [];
  for (let round = 0; round <= rounds; round++) {
    const both = [await gap('Break the data'), await gap('Change the notes')];
    await gap('Repair the data');
    await gap('Restore the notes');
    if (round === 0) continue;
    plue.push(both[0] ?? NaN);
    bare.push(both[1] ?? NaN);
  }
  const name = 'an edit with the problems that it makes, to the next request; bare: an edit of plain text';
  return [{ name, unit: 'ms', digits: 0, plue: median(plue), bare: median(bare) }];
}

/** As the extension logs it. @param {Workbench} workbench @param {ScriptedEndpoint} endpoint @param {number} rounds */
async function firstLine(workbench, endpoint, rounds) {
  const { page } = workbench;
  await page.keyboard.press('Control+p');
  await page.locator('.quick-input-widget input').fill('code.py');
  await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'code.py' }).waitFor(wait);
  await page.keyboard.press('Enter');
  await page.locator('.editor-instance .monaco-editor.focused').waitFor(wait);
  for (let round = 0; round <= rounds; round++) {
    await page.keyboard.press('Control+Home');
    for (let line = 0; line < 5; line++) await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Control+k');
    await page.keyboard.press('Control+e');
    await page.locator('.quick-input-widget input').fill('Use sum');
    await page.keyboard.press('Enter');
    await page.locator('.contentWidgets .codelens-decoration a').filter({ hasText: 'Reject (Esc)' }).waitFor(wait);
    await page.keyboard.press('Escape');
    await page.locator('.contentWidgets .codelens-decoration a').filter({ hasText: 'Reject (Esc)' }).waitFor({ state: 'detached' });
  }
  const logged = [...workbench.recentLog().matchAll(/first line (\d+) ms after/g)].slice(-rounds).map((match) => Number(match[1]));
  return [
    { name: 'an inline edit: from the first text of the response to the first changed line', unit: 'ms', digits: 0, plue: median(logged) },
  ];
}

/** Everything that belongs to the window and its server: with a long chat in view, and with a bare page in its place. @param {Workbench} workbench */
async function heldByWindow(workbench) {
  const { page } = workbench;
  const settled = async () => {
    let last = memoryMb();
    for (let seconds = 0; seconds < 20; seconds++) {
      // Garbage is collected when nothing is done for a while, for which there is no event.
      await page.waitForTimeout(1_000);
      const now = memoryMb();
      if (Math.abs(now - last) < 1) break;
      last = now;
    }
    return memoryMb();
  };
  const script = async () => {
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    await session.detach();
    return usedSize / 1024 / 1024;
  };
  await workbench.command('View: Close All Editors');
  await workbench.command('View: Hide Secondary Side Bar');
  await workbench.reload();
  await workbench.command('Bare: Open');
  await page.locator('.tab.active').waitFor(wait);
  const bare = { window: await settled(), script: await script() };
  await workbench.command('View: Close All Editors');
  await workbench.command('Plue: Focus Chat');
  await page.locator('.part.auxiliarybar').getByRole('button', { name: 'Show Chats' }).click(wait);
  await page.locator('.quick-input-list .monaco-list-row').last().click(wait);
  await workbench.chat.getByRole('article').first().waitFor(wait);
  const plue = { window: await settled(), script: await script(), sidecar: memoryMb(isSidecar) };
  const [unit, chat] = [{ unit: 'MB', digits: 0 }, `a chat of ${messages} messages in view`];
  return [
    {
      ...{ ...unit, name: `a window with ${chat}, with its server; bare: with a page of one message` },
      ...{ plue: plue.window, bare: bare.window },
    },
    // A window is VS Code's own but for a few percent. These are Plue's.
    { ...unit, name: `${chat}: memory of the sidecar`, plue: plue.sidecar },
    { ...unit, name: `${chat}: script memory of the window; bare: with a page of one message`, plue: plue.script, bare: bare.script },
  ];
}

/** @param {number} pid */
function isSidecar(pid) {
  const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  return args.includes('serve') && [program, ...args].some((part) => ['plue', 'plue.dll'].includes(basename(part)));
}

/** Of all processes that this one started, each page of memory counted once. @param {(pid: number) => boolean} [belongs] */
function memoryMb(belongs = () => true) {
  /** @type {Map<number, number>} */
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(Number(pid), Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]));
    } catch {
      // Ended meanwhile.
    }
  }
  const isOurs = (/** @type {number} */ pid) => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) if (at === process.pid) return true;
    return false;
  };
  let kilobytes = 0;
  for (const pid of parents.keys()) {
    if (!isOurs(pid)) continue;
    try {
      if (!belongs(pid)) continue;
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // Ended meanwhile.
    }
  }
  return kilobytes / 1024;
}
