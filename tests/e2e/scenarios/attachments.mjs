// Files and images sent with a question: mentioned, dropped, pasted, pinned, and confirmed if necessary.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requireAccessible } from '../runner/accessibility.mjs';
import { drop, newChat, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  const workbench = await scenario.open({
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      const outside = dirname(home);
      writeFileSync(join(outside, 'outside.txt'), 'Not of the folder.\n');
      const workspace = join(outside, 'workspace');
      mkdirSync(join(workspace, 'src'), { recursive: true });
      writeFileSync(join(workspace, 'src', 'rules.md'), 'Always answer in one word.\n');
      writeFileSync(join(workspace, 'big.txt'), 'A line of a large file.\n'.repeat(15_000));
      writeFileSync(join(workspace, 'program.bin'), Buffer.from([0, 1, 2, 3, 0, 255]));
    },
  });
  try {
    await runSteps(scenario, workbench, endpoint);
  } finally {
    await endpoint.stop();
  }
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {ScriptedEndpoint} endpoint
 */
async function runSteps(scenario, workbench, endpoint) {
  const { page } = workbench;
  const workspace = join(workbench.folder, 'workspace');
  const draft = () => workbench.chat.locator('.composer textarea');
  const button = (/** @type {string | RegExp} */ name) => workbench.chat.getByRole('button', { name });
  /** Waits for one more request and its response. */
  const answered = async (/** @type {() => Promise<void>} */ send) => {
    const before = endpoint.asked.length;
    await send();
    await workbench.until(async () => endpoint.asked.length > before);
    await untilFinished(workbench);
  };
  const chip = (/** @type {string} */ name) =>
    workbench.chat.getByRole('group', { name: 'Attachments of the next message' }).locator('.context-chip').filter({ hasText: name });
  const pinned = (/** @type {string} */ name) =>
    workbench.chat.getByRole('group', { name: 'Pinned files' }).locator('.context-chip').filter({ hasText: name });

  /** Pastes an image of stripes like a screenshot. @param {number} width @param {number} height */
  const paste = async (width, height) => {
    const frame = await workbench.chatFrame();
    await frame.evaluate(async ([wide, high]) => {
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [wide, high];
      const context = canvas.getContext('2d');
      if (!context) throw new Error('No canvas.');
      for (let x = 0; x < wide; x += 40) {
        context.fillStyle = x % 80 === 0 ? 'white' : 'steelblue';
        context.fillRect(x, 0, 40, high);
      }
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([blob], 'stripes.png', { type: 'image/png' }));
      document
        .querySelector('.composer textarea')
        ?.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, /** @type {[number, number]} */ ([width, height]));
  };

  await scenario.step('A file of the explorer is put beside the draft of the chat', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await newChat(workbench);
    await page.getByRole('treeitem', { name: 'hello.txt' }).click({ button: 'right' });
    // VS Code's menus ignore clicks while they open.
    await page.getByRole('menuitem', { name: 'Add File to Plue Chat' }).hover();
    await page.keyboard.press('Enter');
    await chip('hello.txt').filter({ hasText: 'tokens' }).waitFor();
    await workbench.chat.locator('textarea:focus').waitFor();
  });

  await scenario.step('The selection of an editor is added by its key', async () => {
    await page.getByRole('treeitem', { name: 'hello.txt' }).dblclick();
    await page.locator('.monaco-editor .view-line').filter({ hasText: 'A file of the workspace' }).first().waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+k');
    await page.keyboard.press('Control+a');
    await chip('line').waitFor({ timeout: 30_000 });
  });

  await scenario.step('The chat opens beside the code without covering it', async () => {
    assert.equal(await page.locator('.editor-group-container').count(), 2);
    assert.ok(await page.locator('.monaco-editor .view-line').filter({ hasText: 'A file of the workspace' }).first().isVisible());
  });

  await scenario.step('A dropped file from outside of the folder is asked about, and nothing is sent until then', async () => {
    for (let left = 2; left > 0; left--) await button('Remove hello.txt').first().click();
    await drop(workbench, [join(workbench.folder, 'outside.txt')]);
    await chip('outside.txt').getByText('Outside the workspace folder.').waitFor();
    await draft().fill('What is this?');
    await draft().press('Enter');
    await workbench.chat.getByText('Answer the question about outside.txt first.').waitFor();
    assert.equal(await draft().inputValue(), 'What is this?');
    assert.equal(endpoint.asked.length, 0);
  });

  await scenario.look('A question about a file has no serious accessibility finding', async () => {
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('After the answer the file is attached', async () => {
    await chip('outside.txt').getByRole('button', { name: 'Send Anyway', exact: true }).click();
    await answered(() => draft().press('Enter'));
    assert.match(JSON.stringify(endpoint.asked.at(-1)), /Not of the folder\./);
  });

  await scenario.step('A large file is asked about: whole, some lines or a summary', async () => {
    await drop(workbench, [join(workspace, 'big.txt')]);
    await chip('big.txt').getByText('Large file: 352 KB').waitFor();
    await chip('big.txt').getByRole('button', { name: 'Lines…' }).click();
    await page.keyboard.type('3-5');
    await page.keyboard.press('Enter');
    await chip('big.txt').filter({ hasText: 'lines 3-5' }).filter({ hasText: 'tokens' }).waitFor();
    assert.equal(await chip('big.txt').getByRole('button', { name: 'Full text' }).count(), 0);
  });

  await scenario.step('A folder shows why it cannot be sent, and offers to remove it', async () => {
    await drop(workbench, [join(workspace, 'src')]);
    await chip('src').getByText('is a folder').waitFor();
    await workbench.chat.getByText('Remove src, which can’t be sent.').waitFor();
    await chip('src').getByRole('button', { name: 'Remove', exact: true }).click();
    await chip('src').waitFor({ state: 'detached' });
  });

  await scenario.step('A pasted picture is scaled and shown small', async () => {
    await paste(2400, 1200);
    await chip('stripes.png').getByText('2400 × 1200, scaled to 1568 × 784').waitFor();
    await workbench.until(
      async () =>
        (await chip('stripes.png')
          .locator('img.chip-picture')
          .evaluate((image) => (image instanceof HTMLImageElement ? image.naturalWidth : 0))) === 64,
    );
  });

  await scenario.step('The picture and the lines go along', async () => {
    // An image can be sent only after it was stored.
    await chip('stripes.png').filter({ hasText: 'tokens' }).waitFor();
    await draft().fill('What do you see?');
    await answered(() => draft().press('Enter'));
    const sent = JSON.stringify(endpoint.asked.at(-1));
    assert.match(sent, /data:image\/(png|webp|jpeg);base64,/);
    assert.match(sent, /A line of a large file\./);
  });

  await scenario.step('A file is pinned, and goes with every question at its current content', async () => {
    await draft().fill('See @rul');
    await draft().press('End');
    await workbench.chat.getByRole('option').first().waitFor();
    await page.keyboard.press('Enter');
    await button('Pin rules.md: send with every message').click();
    await pinned('rules.md').filter({ hasText: 'tokens' }).waitFor();
    await draft().fill('First with the rules');
    await answered(() => draft().press('Enter'));
    assert.match(JSON.stringify(endpoint.asked.at(-1)), /Always answer in one word\./);
    writeFileSync(join(workspace, 'src', 'rules.md'), 'Always answer in two words.\n');
    await draft().fill('Second with the rules');
    await answered(() => draft().press('Enter'));
    assert.match(JSON.stringify(endpoint.asked.at(-1)), /Always answer in two words\./);
  });

  await scenario.step('A pinned file is taken away again', async () => {
    await button('Unpin rules.md').click();
    await pinned('rules.md').waitFor({ state: 'detached' });
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`Chips and questions are seen in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.show();
      await workbench.chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await workbench.chat.locator('article').first().waitFor();
      await draft().click();
      await drop(workbench, [join(workspace, 'big.txt'), join(workspace, 'src', 'rules.md'), join(workbench.folder, 'outside.txt')]);
      await chip('big.txt').first().waitFor();
      await paste(300, 200);
      await chip('stripes.png').first().locator('img').waitFor();
      await requireAccessible(await workbench.chatFrame());
    });
  }

  await scenario.look('No request leaves the webview', async () => {
    assert.deepEqual(await workbench.requests.leaks(), []);
  });
}
