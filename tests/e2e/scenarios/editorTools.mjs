// An agent works with the editor: it reads unsaved text, makes edits that Ctrl+Z undoes, gets the problems that they cause, and never overwrites the user's
// changes.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ask, untilFinished, viewAllLines } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint, scriptedRounds } from '../runner/scriptedEndpoint.mjs';

const data = '{\n  "name": "first",\n  "count": 1\n}\n';
const call = (/** @type {string} */ name, /** @type {object} */ parameters) => ({ calls: [{ name, parameters }] });
const read = call('read', { path: 'data.json' });

/** The model's rounds for each question. @type {Record<string, import('../runner/scriptedEndpoint.mjs').Reply[]>} */
const script = {
  'Read the data': [read, { text: 'I have read it.' }],
  'Break the count': [call('edit', { path: 'data.json', old: '"count": 1', new: '"count": ,' }), { text: 'Now the count is missing.' }],
  'Which symbols': [call('symbols', { path: 'data.json' }), call('problems', { path: 'data.json' }), { text: 'These are all.' }],
  'Rename it': [read, call('edit', { path: 'data.json', old: 'first', new: 'second' }), { text: 'I left it alone.' }],
};

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = scriptedRounds(script, 'Data');
  const workbench = await scenario.open({
    settings: { 'files.autoSave': 'off', 'plue.chat.location': 'sideBar' },
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
      writeFileSync(join(dirname(home), 'workspace', 'data.json'), data);
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
  const onDisk = () => readFileSync(join(workbench.folder, 'workspace', 'data.json'), 'utf8');
  const line = (/** @type {string} */ words) => page.locator('.editor-instance .view-line', { hasText: words }).first();
  const dirtyTab = page.locator('.tab.dirty', { hasText: 'data.json' });
  const results = () =>
    endpoint.asked
      .findLast(({ tools }) => tools !== undefined)
      .messages.filter((/** @type {any} */ { role }) => role === 'tool')
      .map((/** @type {any} */ { content }) => String(content));
  const setMode = async (/** @type {string} */ words) => {
    await chat.getByRole('button', { name: /^Mode:/ }).click();
    await chat.getByRole('menuitem', { name: new RegExp(`^${words}`) }).click();
    await chat.getByRole('button', { name: `Mode: ${words}` }).waitFor();
  };
  const typeAtEndOf = async (/** @type {string} */ words, /** @type {string} */ typed) => {
    await line(words).click();
    await page.keyboard.press('End');
    await page.keyboard.insertText(typed);
    await line(typed.trim()).waitFor();
  };

  await scenario.step('A file is open and has text that is not saved', async () => {
    await workbench.show();
    await chat.getByRole('button', { name: /^Mode:/ }).waitFor({ timeout: 60_000 });
    await setMode('Auto-Edit');
    await page.keyboard.press('Control+P');
    await page.locator('.quick-input-widget input').fill('data.json');
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'data.json' }).waitFor();
    await page.keyboard.press('Enter');
    await typeAtEndOf('"first"', ' "typed": true,');
    await dirtyTab.waitFor();
  });

  await scenario.step('The agent reads the text in the editor, with a note that it is not saved', async () => {
    await ask(workbench, 'Read the data');
    await chat.getByText('I have read it.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.match(results().at(-1), /"typed": true/);
    assert.match(results().at(-1), /unsaved changes in the editor/);
    assert.equal(onDisk(), data);
  });

  await scenario.step('Its edit keeps what was typed, and the problem that it makes is in the result', async () => {
    await ask(workbench, 'Break the count');
    await chat.getByText('Now the count is missing.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    await line('"count": ,').waitFor();
    assert.match(onDisk(), /"typed": true,\n {2}"count": ,/);
    assert.match(results().at(-1), /It had unsaved changes in the editor and was saved with them\./);
    assert.match(results().at(-1), /New problems after this edit \(\d+\):\ndata\.json:3:\d+: error: /);
  });

  await scenario.step('The language server of the editor names symbols and problems', async () => {
    await ask(workbench, 'Which symbols');
    await chat.getByText('These are all.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.match(results().at(-2), /^2: \w+ name\n/m);
    assert.match(results().at(-1), /data\.json:3:\d+: error: /);
  });

  await scenario.step('Ctrl+Z takes the edit back and nothing else', async () => {
    await line('"count": ,').click();
    await page.keyboard.press('Control+Z');
    await line('"count": 1').waitFor();
    await line('"typed": true').waitFor();
    await page.keyboard.press('Control+S');
    await workbench.until(async () => onDisk() === data.replace('"first",', '"first", "typed": true,'));
  });

  await scenario.step('Text that is typed while an edit waits for approval is never overwritten', async () => {
    await setMode('Agent');
    await typeAtEndOf('"count": 1', ' ');
    await ask(workbench, 'Rename it');
    const card = chat.locator('.approval').filter({ hasText: 'second' });
    await card.waitFor({ timeout: 60_000 });
    await typeAtEndOf('"count": 1', ', "more": 2');
    await viewAllLines(chat);
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await card.getByRole('button', { name: 'Allow Once' }).click();
    await chat.getByText('I left it alone.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.match(results().at(-1), /The user changed data\.json in the editor in the meantime\. Nothing was changed\./);
    await line('"more": 2').waitFor();
    await line('"first"').waitFor();
    await chat.locator('.tool-call').last().locator('summary, button').first().click();
    await chat.getByText('changed data.json in the editor in the meantime').waitFor();
  });
}
