// Two chats at once, their code and links, keyboard use, and all of it again after a restart.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ask, composer, newChat } from '../runner/chatPage.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  const workbench = await scenario.open({
    ownServer: true,
    theme: 'Default High Contrast',
    prepare: (home) => {
      const folder = join(home, 'providers');
      mkdirSync(folder, { recursive: true });
      const settings = { name: 'House server', provider_type: 'openai-compatible', endpoint: endpoint.url, model: 'small-1' };
      writeFileSync(join(folder, 'house.json5'), JSON.stringify(settings));
      writeFileSync(join(dirname(home), 'workspace', 'notes.txt'), 'A first line\n');
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

  await scenario.step('The keyboard alone asks and stops', async () => {
    await workbench.show();
    await workbench.page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await newChat(workbench);
    endpoint.manner = 'answers slowly';
    await workbench.chat.locator('textarea:focus').waitFor();
    await page.keyboard.type('First chat?');
    await page.keyboard.press('Enter');
    await workbench.chat.locator('article.assistant.streaming').filter({ hasText: /\w{3}/ }).waitFor();
    await page.keyboard.press('Escape');
    await workbench.chat.getByText('Stopped.').first().waitFor();
  });

  await scenario.step('Tab leads from the messages to the composer, and the focus is seen', async () => {
    await composer(workbench).focus();
    await page.keyboard.press('Shift+Tab');
    const frame = await workbench.chatFrame();
    const outline = await frame.evaluate(() => {
      const focused = document.activeElement;
      return focused ? { isInMessages: focused.closest('article') !== null, style: getComputedStyle(focused).outlineStyle } : undefined;
    });
    assert.deepEqual(outline, { isInMessages: true, style: 'solid' });
    await page.keyboard.press('Tab');
    await workbench.chat.locator('textarea:focus').waitFor();
  });

  await scenario.step('F2 renames the chat', async () => {
    await page.keyboard.press('F2');
    await workbench.chat.getByRole('textbox', { name: 'Chat title' }).fill('Left chat');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: 'Left chat' }).waitFor();
  });

  await scenario.step('Two chats side by side stream at once', async () => {
    // Long enough that the first is still streaming when the second starts.
    endpoint.text = `${'One word after the other. '.repeat(16)}\n\n${endpoint.text}`;
    await ask(workbench, 'Left, once more?');
    await newChat(workbench);
    await workbench.command('View: Move Editor into Right Group');
    const right = await chatOf('New chat');
    await right.getByRole('textbox', { name: 'Message' }).fill('Right chat?');
    await right.getByRole('textbox', { name: 'Message' }).press('Enter');
    await right.locator('article.assistant.streaming').filter({ hasText: /\w{3}/ }).waitFor();
    await (await chatOf('Left chat')).locator('article.assistant.streaming').filter({ hasText: 'One word' }).waitFor();
  });

  const bothAnswered = async () => {
    for (const title of ['Left chat', 'Right chat?']) {
      const chat = await chatOf(title);
      await chat.getByText('the manual').last().waitFor({ timeout: 60_000 });
      await chat.locator('article.assistant.streaming').waitFor({ state: 'detached' });
    }
  };
  await scenario.step('Both end with their own answers', bothAnswered);

  await scenario.step('Both are there again after a reload', async () => {
    endpoint.manner = 'answers';
    await workbench.reload();
    await bothAnswered();
  });

  await scenario.step('Both are there again after a restart of VS Code', async () => {
    await workbench.restart();
    await bothAnswered();
  });

  await scenario.step('Insert at Cursor puts the code into the open editor', async () => {
    const { page } = workbench;
    await page.getByRole('treeitem', { name: 'notes.txt' }).dblclick();
    await page.locator('.monaco-editor .view-line').filter({ hasText: 'A first line' }).waitFor();
    await page.keyboard.press('Control+End');
    const chat = await chatOf('Left chat').catch(() => chatOf('Right chat?'));
    await chat.locator('pre code').first().hover();
    await chat.getByRole('button', { name: 'Insert at Cursor' }).first().click();
    await page.locator('.monaco-editor .view-line').filter({ hasText: 'const' }).first().waitFor();
  });

  await scenario.step('Copy Code shows that it copied', async () => {
    const chat = await chatOf('Left chat').catch(() => chatOf('Right chat?'));
    await chat.locator('pre code').first().hover();
    await chat.getByRole('button', { name: 'Copy Code' }).first().click();
    await chat.locator('.codicon-check').first().waitFor();
  });

  await scenario.step('A link opens by a click only, and VS Code asks first', async () => {
    const chat = await chatOf('Left chat').catch(() => chatOf('Right chat?'));
    await chat.getByText('the manual').first().click();
    await workbench.page.getByRole('dialog').getByText('example.org/manual').first().waitFor();
    assert.deepEqual(await workbench.requests.leaks(), []);
  });

  /** Returns the page of the chat with this title. @param {string} title @returns {Promise<import('playwright-core').Frame>} */
  async function chatOf(title) {
    /** @type {import('playwright-core').Frame | undefined} */
    let found;
    await workbench.until(async () => {
      for (const frame of workbench.page.frames()) {
        const isIt = await frame
          .locator('h1.title', { hasText: title })
          .isVisible()
          .catch(() => false);
        if (isIt) found = frame;
      }
      return found !== undefined;
    });
    if (found === undefined) throw new Error(`No chat ${title} is shown.`);
    return found;
  }
}
