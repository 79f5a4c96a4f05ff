// A server that speaks Chat Completions, from its address to its answers, and what goes wrong on the way.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { answers, ask, composer, isStreaming, untilFinished } from '../runner/chatPage.mjs';
import { asked, notification, pick, type } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const key = 'sk-journey-0123456789abcdef';
const wrongKey = 'sk-journey-wrong-fedcba9876543210';
const passphrase = 'a passphrase of the journey';

/** @param {import('../runner/journey.mjs').Journey} journey */
export default async function (journey) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.key = key;
  const workbench = await journey.open();
  try {
    await travel(journey, workbench, endpoint);
  } finally {
    await endpoint.stop();
  }
}

/**
 * @param {import('../runner/journey.mjs').Journey} journey
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {ScriptedEndpoint} endpoint
 */
async function travel(journey, workbench, endpoint) {
  const { page } = workbench;
  const button = (/** @type {string} */ name) => workbench.chat.getByRole('button', { name });

  await journey.step('A first start with nothing found offers the tour', async () => {
    await workbench.show();
    await notification(workbench, 'this is the tour').waitFor({ timeout: 60_000 });
  });

  await journey.step('The empty tree offers a new chat and a provider', async () => {
    await page.getByRole('tab', { name: 'Plue', exact: true }).click();
    await page.getByText('No chats yet').waitFor();
  });

  await journey.step('Manage Providers lists what there is and offers to add one', async () => {
    await workbench.command('Plue: Manage Providers');
    await asked(workbench, 'Providers');
  });

  await journey.step('A new provider is asked for its kind, name, address and model', async () => {
    await pick(workbench, 'Providers', 'Add provider');
    await pick(workbench, 'Add Provider', 'OpenAI-compatible');
    await type(workbench, 'Add OpenAI-compatible', 'House server');
    await type(workbench, 'House server', endpoint.url);
    await type(workbench, 'House server', 'small-1');
    await asked(workbench, 'House server');
  });

  await journey.step('The first key asks for a passphrase, because this VS Code keeps no secrets', async () => {
    await pick(workbench, 'House server', 'Set key');
    await asked(workbench, 'A passphrase for Plue’s vault (1 of 2)');
  });

  await journey.step('The key is typed into a password box that says where it goes', async () => {
    await type(workbench, '(1 of 2)', passphrase);
    await type(workbench, '(2 of 2)', passphrase);
    await asked(workbench, 'Key for House server');
    await page.locator('.quick-input-widget input[type="password"]').waitFor();
  });

  await journey.step('A wrong key is stored and tested at once, and the endpoint’s refusal is told', async () => {
    await type(workbench, 'Key for House server', wrongKey);
    await notification(workbench, 'refused the key').waitFor();
  });

  await journey.step('A chat with the wrong key says so and offers to set it', async () => {
    await workbench.command('Notifications: Clear All Notifications');
    await workbench.command('Plue: Manage Providers');
    await pick(workbench, 'Providers', 'House server');
    await pick(workbench, 'House server', 'Make default');
    await workbench.command('Plue: New Chat');
    await composer(workbench).waitFor();
    await ask(workbench, 'Does the key fit?');
    await button('Set Key…').waitFor();
    assert.match(await answers(workbench).last().innerText(), /refused the key/);
  });

  await journey.step('Set Key leads to the password box, and Retry answers with the right key', async () => {
    await button('Set Key…').click();
    await type(workbench, 'Key for House server', key);
    await notification(workbench, 'The key is stored, and House server answered.').waitFor();
    await button('Retry').last().click();
    await workbench.chat.getByText('The endpoint on this machine answers.').waitFor();
    await untilFinished(workbench);
  });

  await journey.step('A new chat with it streams', async () => {
    endpoint.manner = 'answers slowly';
    await workbench.command('Plue: New Chat');
    await composer(workbench).waitFor();
    await ask(workbench, 'Who answers here?');
    await isStreaming(workbench);
  });

  await journey.step('The streamed answer ends with its tokens and its code', async () => {
    await untilFinished(workbench);
    await workbench.chat.locator('pre code').waitFor();
    endpoint.manner = 'answers';
  });

  await journey.step('The key is in no log, no page and no file', async () => {
    const found = [key, wrongKey, passphrase].flatMap((secret) => filesWith(workbench.folder, secret));
    assert.deepEqual(found, []);
    assert.ok(!workbench.console.join('\n').includes(key));
    for (const frame of page.frames()) assert.ok(!(await frame.content().catch(() => '')).includes(key), 'A page holds the key.');
  });
}

/** @param {string} folder @param {string} words @returns {string[]} */
function filesWith(folder, words) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() && readFileSync(path).includes(words));
}
