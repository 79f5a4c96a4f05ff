// The main path without a mouse: chat, approval, review, history, and inline edit. Each stop shows its focus, in every theme.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { answers, composer, untilFinished } from '../runner/chatPage.mjs';
import { command, focusIn, pressTo, walkStops } from '../runner/keys.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { asked } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const sum = 'export const sum = (a, b) => a + b;\n';
const shorter = 'export const sum = (...values) => values.reduce((total, value) => total + value, 0);';

/** @param {any} asked */
function replyOf({ messages, tools = [] }) {
  const last = messages.at(-1);
  if (last.role === 'tool') return { text: 'The list is written.' };
  const file = /Write (\w+\.txt)/.exec(JSON.stringify(last.content))?.[1];
  const canWrite = tools.some((/** @type {any} */ tool) => tool.function.name === 'write');
  return file !== undefined && canWrite ? { calls: [{ name: 'write', parameters: { path: file, content: 'red\nblue\n' } }] } : undefined;
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = replyOf;
  const workbench = await scenario.open({
    settings: { 'plue.chat.location': 'sideBar', 'files.autoSave': 'off', 'editor.accessibilitySupport': 'off' },
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      const workspace = join(dirname(home), 'workspace');
      mkdirSync(workspace, { recursive: true });
      writeFileSync(join(workspace, 'sum.js'), sum);
    },
  });
  workbench.chatPlace = 'view';
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
  const { page, chat } = workbench;
  const { keyboard } = page;
  const path = (/** @type {string} */ name) => join(workbench.folder, 'workspace', name);
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `keyboard-${name}.png`));
  const card = () => chat.locator('.approval').first();
  const isInComposer = () => chat.locator('textarea:focus').waitFor();
  const focusChat = async () => {
    await keyboard.press('Control+Alt+p');
    await isInComposer();
  };
  const focusComposer = async () => {
    await command(workbench, 'Plue: Focus Chat Input');
    await isInComposer();
  };
  const ask = async (/** @type {string} */ text) => {
    await keyboard.type(text);
    await keyboard.press('Enter');
    await chat.getByRole('article', { name: 'Your message' }).filter({ hasText: text }).last().waitFor();
  };
  const code = () => page.locator('.editor-instance .monaco-editor.focused').waitFor();

  await scenario.step('A key leads into the composer of a new window', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await chat.getByRole('region', { name: 'Getting started' }).waitFor({ timeout: 60_000 });
    if ((await focusIn(await workbench.chatFrame())) === undefined) await focusChat();
    await isInComposer();
    const labels = await walkStops(workbench, await workbench.chatFrame());
    assert.ok(labels.length > 2, labels.join(' | '));
    await picture('new');
  });

  await scenario.step('The mode and the model are switched', async () => {
    const frame = await workbench.chatFrame();
    const setMode = async (/** @type {RegExp} */ name) => {
      await focusComposer();
      await pressTo(workbench, frame, 'Tab', /^button Mode:/);
      await keyboard.press('Enter');
      await chat.getByRole('menuitem').first().and(chat.locator(':focus')).waitFor();
      await pressTo(workbench, frame, 'ArrowDown', name);
    };
    await setMode(/^button Plan/);
    await picture('mode');
    await keyboard.press('Enter');
    await chat.getByRole('button', { name: 'Mode: Plan' }).and(chat.locator(':focus')).waitFor();
    await setMode(/^button Agent/);
    await keyboard.press('Enter');
    await chat.getByRole('button', { name: 'Mode: Agent' }).and(chat.locator(':focus')).waitFor();
    await pressTo(workbench, frame, 'Tab', /^button Provider and model:/);
    await keyboard.press('Enter');
    await chat.getByRole('option', { name: 'large-2' }).waitFor();
    await keyboard.type('large');
    await chat.getByRole('option', { name: 'small-1' }).waitFor({ state: 'detached' });
    await picture('model');
    await keyboard.press('Enter');
    await chat
      .getByRole('button', { name: /^Provider and model: .*large-2/ })
      .and(chat.locator(':focus'))
      .waitFor();
  });

  await scenario.step('A question is sent, and the response can be reached and scrolled', async () => {
    await focusComposer();
    await ask('Who answers here?');
    await answers(workbench).last().waitFor();
    await untilFinished(workbench);
    assert.equal(endpoint.asked.at(-1).model, 'large-2');
    await isInComposer();
    await pressTo(workbench, await workbench.chatFrame(), 'Shift+Tab', /Messages|^article/);
    await picture('messages');
  });

  await scenario.step('An approval is reached, its diff opened, and allowed', async () => {
    await pressTo(workbench, await workbench.chatFrame(), 'Tab', /^textarea/);
    await ask('Write colors.txt');
    await card().waitFor({ timeout: 60_000 });
    await isInComposer();
    const frame = await workbench.chatFrame();
    await pressTo(workbench, frame, 'Shift+Tab', /^li Write this file/);
    await picture('approval');
    await keyboard.press('d');
    await page.locator('.tab.active', { hasText: 'colors.txt (proposed change)' }).waitFor();
    await page.locator('.monaco-diff-editor .view-line', { hasText: 'red' }).first().waitFor();
    await picture('diff');
    await focusChat();
    await pressTo(workbench, frame, 'Shift+Tab', /^li Write this file/);
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await keyboard.press('y');
    await workbench.until(async () => existsSync(path('colors.txt')));
    // The diff closes after the approval was answered.
    await page.locator('.tab', { hasText: 'proposed change' }).waitFor({ state: 'detached' });
    await untilFinished(workbench);
    await isInComposer();
  });

  await scenario.step('The change is reviewed and kept, and the next one is undone', async () => {
    const frame = await workbench.chatFrame();
    await chat.getByText('1 file changed').waitFor();
    await pressTo(workbench, frame, 'Shift+Tab', /^button Keep all changes/);
    await picture('changes');
    await keyboard.press('Enter');
    await chat.getByText('1 file changed').waitFor({ state: 'hidden' });
    await isInComposer();
    await ask('Write shapes.txt');
    await card().waitFor({ timeout: 60_000 });
    await pressTo(workbench, frame, 'Shift+Tab', /^li Write this file/);
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await keyboard.press('y');
    await workbench.until(async () => existsSync(path('shapes.txt')));
    await untilFinished(workbench);
    await chat.getByText('1 file changed').waitFor();
    await pressTo(workbench, frame, 'Shift+Tab', /^button Undo all changes/);
    await keyboard.press('Enter');
    await workbench.until(async () => !existsSync(path('shapes.txt')));
    await isInComposer();
    assert.equal(readFileSync(path('colors.txt'), 'utf8'), 'red\nblue\n');
  });

  for (const theme of /** @type {const} */ (['Dark Modern', 'Light Modern', 'Default High Contrast'])) {
    await scenario.step(`Every stop of a chat shows its focus in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      const loaded = page.waitForEvent('load', { timeout: 60_000 });
      await command(workbench, 'Developer: Reload Window');
      await loaded;
      await chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await answers(workbench).first().waitFor({ timeout: 60_000 });
      await focusComposer();
      const frame = await workbench.chatFrame();
      await ask(`Write ${theme.split(' ')[0]?.toLowerCase()}.txt`);
      await card().waitFor({ timeout: 60_000 });
      await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
      const back = await walkStops(workbench, frame, 'Shift+Tab');
      assert.ok(
        back.some((label) => /^li Write this file/.test(label)),
        back.join(' | '),
      );
      await focusComposer();
      await walkStops(workbench, frame);
      await focusComposer();
      await pressTo(workbench, frame, 'Shift+Tab', /^li Write this file/);
      await picture(`approval-${bodyClass}`);
      await keyboard.press('n');
      await chat.getByRole('textbox', { name: 'Reason for denying' }).and(chat.locator(':focus')).waitFor();
      await keyboard.type('Not this one.');
      await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
      await keyboard.press('Enter');
      await card().waitFor({ state: 'detached' });
      await untilFinished(workbench);
      await picture(`chat-${bodyClass}`);
    });
  }

  await scenario.step('The history opens, and a chat is chosen from it', async () => {
    await keyboard.press('Control+Alt+Shift+n');
    await chat.getByRole('region', { name: 'Getting started' }).waitFor();
    await isInComposer();
    await command(workbench, 'Plue: Show Chats');
    await asked(workbench, 'Chats');
    await keyboard.type('Who answers');
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'Who answers here?' }).waitFor();
    await keyboard.press('Enter');
    await answers(workbench).last().waitFor();
    await isInComposer();
  });

  await scenario.step('Code is edited in place, accepted with Tab, and rejected with Escape', async () => {
    endpoint.reply = () => ({ text: `\`\`\`js\n${shorter}\n\`\`\`` });
    await keyboard.press('Control+p');
    await page.locator('.quick-input-widget input').waitFor();
    await keyboard.type('sum.js');
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'sum.js' }).waitFor();
    await keyboard.press('Enter');
    await page.locator('.tab.active', { hasText: 'sum.js' }).waitFor();
    await code();
    const edit = async () => {
      await keyboard.press('Control+Home');
      await keyboard.press('Control+k');
      await keyboard.press('Control+e');
      await asked(workbench, 'Inline Edit');
      await keyboard.type('Sum any number of values');
      await keyboard.press('Enter');
      await page.locator('.contentWidgets .codelens-decoration a', { hasText: 'Accept (Tab)' }).waitFor({ timeout: 60_000 });
      await code();
    };
    await edit();
    await picture('inline');
    await keyboard.press('Escape');
    await page.locator('.view-line', { hasText: '(a, b)' }).waitFor();
    // The actions above the lines disappear later, and could be mistaken for those of the next edit.
    await page.locator('.codelens-decoration a', { hasText: 'Accept' }).waitFor({ state: 'detached' });
    await edit();
    await keyboard.press('Tab');
    await page.locator('.codelens-decoration a', { hasText: 'Accept' }).waitFor({ state: 'detached' });
    await keyboard.press('Control+s');
    await page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
    assert.equal(readFileSync(path('sum.js'), 'utf8'), `${shorter}\n`);
  });

  await scenario.step('A key leads from the code into the chat and back', async () => {
    await focusChat();
    await keyboard.press('Control+Alt+p');
    await code();
  });
}
