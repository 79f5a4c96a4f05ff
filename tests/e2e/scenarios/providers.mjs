// A server with Chat Completions, from its address to its responses, including failures.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers, ask, composer, isStreaming, newChat, send, untilFinished } from '../runner/chatPage.mjs';
import { asked, notification, type } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const key = 'sk-scenario-0123456789abcdef';
const wrongKey = 'sk-scenario-wrong-fedcba9876543210';
const passphrase = 'a passphrase of the scenario';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.key = key;
  const workbench = await scenario.open({ ownServer: true, forgetsSecrets: true });
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
  const picker = () => workbench.chat.getByRole('button', { name: /^Provider and model/ });
  const failure = (/** @type {string} */ words) => workbench.chat.locator('.failure').filter({ hasText: words });
  const button = (/** @type {string} */ name) => workbench.chat.getByRole('button', { name });

  await scenario.step('A first start with nothing found offers the tour', async () => {
    await workbench.show();
    await notification(workbench, 'this is the tour').waitFor({ timeout: 60_000 });
  });

  await scenario.step('The empty tree offers a new chat and a provider', async () => {
    await page.getByRole('tab', { name: 'Plue', exact: true }).click();
    await page.getByText('No chats yet').waitFor();
  });

  await scenario.step('The Providers page of a new machine shows the first steps', async () => {
    await workbench.command('Plue: Manage Providers');
    await workbench.chat.getByRole('heading', { name: 'No models connected yet' }).waitFor({ timeout: 60_000 });
    await button('Take the Tour').waitFor();
  });

  await scenario.step('A custom server is added by its name and address', async () => {
    await workbench.chat.getByRole('button', { name: 'Choose OpenAI-compatible server' }).click();
    await workbench.chat.getByRole('textbox', { name: 'Name' }).fill('House server');
    await workbench.chat.getByRole('textbox', { name: 'Endpoint' }).fill(endpoint.url);
  });

  await scenario.step('Its key is requested in the same step, in a password box that shows the origin', async () => {
    await workbench.chat.getByRole('button', { name: 'Connect', exact: true }).click();
    await asked(workbench, 'Key for House server');
    await page.getByText(`sent only to ${endpoint.origin}`).waitFor();
    await page.locator('.quick-input-widget input[type="password"]').waitFor();
  });

  await scenario.step('The first key asks once for a passphrase, because this VS Code keeps no secrets', async () => {
    await type(workbench, 'Key for House server', wrongKey);
    await asked(workbench, 'New passphrase for the Plue vault');
    await page.getByText('VS Code may lose secrets when it restarts').waitFor();
    assert.equal(existsSync(join(workbench.plueHome, 'providers')), false);
    await page.getByRole('button', { name: 'Show Passphrase' }).click();
    await type(workbench, 'New passphrase for the Plue vault', passphrase);
  });

  await scenario.step('A wrong key is stored and tested, and the error of the endpoint is shown', async () => {
    await workbench.chat.getByRole('group', { name: 'Error details' }).waitFor();
  });

  await scenario.step('Its model is chosen in the form of its fields', async () => {
    await workbench.command('Notifications: Clear All Notifications');
    await workbench.command('Plue: Manage Providers');
    await button('Back').first().click();
    await workbench.chat.getByRole('button', { name: 'Edit', exact: true }).click();
    await workbench.chat.getByRole('textbox', { name: 'Model', exact: true }).fill('small-1');
    await button('Save').click();
    await workbench.until(async () =>
      readFileSync(join(workbench.plueHome, 'providers', 'house-server.json5'), 'utf8').includes('small-1'),
    );
  });

  await scenario.step('A chat with the wrong key shows the error and offers to set the key', async () => {
    await workbench.command('Notifications: Clear All Notifications');
    await newChat(workbench);
    await ask(workbench, 'Does the key fit?');
    await button('Set Key…').waitFor();
    assert.match(await answers(workbench).last().innerText(), /refused the key/);
  });

  await scenario.step('Set Key leads to the password box, and Retry answers with the right key', async () => {
    await button('Set Key…').click();
    await type(workbench, 'Key for House server', key);
    await notification(workbench, 'The key was saved, and House server responded.').waitFor();
    await button('Retry').last().click();
    await workbench.chat.getByText('The endpoint on this machine answers.').waitFor();
    await untilFinished(workbench);
  });

  await scenario.step('A new chat with it streams', async () => {
    endpoint.manner = 'answers slowly';
    await newChat(workbench);
    await ask(workbench, 'Who answers here?');
    await isStreaming(workbench);
  });

  await scenario.step('The streamed answer ends with its tokens and its code', async () => {
    await untilFinished(workbench);
    await workbench.chat.locator('pre code').waitFor();
    endpoint.manner = 'answers';
  });

  await scenario.step('The header offers the models that the endpoint lists', async () => {
    await picker().click();
    await workbench.chat.getByRole('option', { name: 'large-2' }).waitFor();
  });

  await scenario.step('Another model of the chat is asked from then on', async () => {
    await workbench.chat.getByRole('option', { name: 'large-2' }).click();
    await workbench.chat.getByRole('button', { name: 'Provider and model: House server / large-2' }).waitFor();
    await ask(workbench, 'And who now?');
    await workbench.until(async () => endpoint.asked.at(-1).model === 'large-2');
    await untilFinished(workbench);
  });

  await scenario.step('The choice is still there after a reload', async () => {
    workbench.setTheme('Light Modern');
    await workbench.reload();
    await workbench.chat.getByRole('button', { name: 'Provider and model: House server / large-2' }).waitFor({ timeout: 60_000 });
    await workbench.chat.getByText('And who now?').waitFor();
  });

  await scenario.step('After a reload the vault is locked, and the chat offers to unlock it', async () => {
    await ask(workbench, 'Still there?');
    await button('Unlock Vault…').waitFor();
  });

  await scenario.step('The passphrase opens the vault, and Retry answers', async () => {
    await button('Unlock Vault…').click();
    await type(workbench, 'Unlock the Plue vault', passphrase);
    await button('Retry').last().click();
    await workbench.until(async () => (await answers(workbench).last().innerText()).includes('See the manual for more.'));
    await untilFinished(workbench);
  });

  await scenario.step('The provider of a chat can be another one', async () => {
    await picker().click();
    await workbench.chat.getByRole('combobox', { name: /Filter/ }).fill('tour');
    await scenario.look('The list of providers narrows while one types', () => workbench.chat.getByRole('option').first().waitFor());
    await workbench.page.keyboard.press('Enter');
    await workbench.chat.getByText('Recording', { exact: true }).waitFor();
    await picker().click();
    await workbench.chat.getByRole('group', { name: 'House server' }).getByRole('option').first().click();
    await workbench.chat.getByRole('button', { name: 'Provider and model: House server / small-1' }).waitFor();
  });

  await scenario.step('An endpoint that is down is named, with Retry', async () => {
    await endpoint.stop();
    await ask(workbench, 'Is anybody there?');
    await failure(`Nothing responds at ${endpoint.origin}`).waitFor();
    await button('Retry').last().waitFor();
  });

  await scenario.step('Retry answers once the endpoint is up', async () => {
    await endpoint.start();
    await button('Retry').last().click();
    await workbench.until(async () => (await answers(workbench).last().innerText()).includes('See the manual for more.'));
    await untilFinished(workbench);
  });

  await scenario.step('A web page in place of an answer is recognized', async () => {
    endpoint.manner = 'sends a web page';
    await ask(workbench, 'What is this place?');
    await failure('responded with a web page').waitFor();
  });

  await scenario.step('A cut answer keeps its text and offers to continue or retry', async () => {
    endpoint.manner = 'cuts its answer';
    await button('Retry').last().click();
    await failure('closed the connection before the response was complete').waitFor();
    assert.match(await answers(workbench).last().innerText(), /The endpoint on this machine/);
    await button('Continue').waitFor();
    await button('Retry').last().waitFor();
  });

  await scenario.step('Continue goes on after what was kept', async () => {
    endpoint.manner = 'answers';
    await button('Continue').click();
    await workbench.until(async () => JSON.stringify(endpoint.asked.at(-1).messages).includes('Continue exactly where it stops'));
    await untilFinished(workbench);
  });

  await scenario.step('A broken provider file is listed with the position of the error', async () => {
    writeFileSync(join(workbench.plueHome, 'providers', 'broken.json5'), '{\n  name: "Broken",\n  provider_type: ,\n}\n');
    await workbench.command('Plue: Manage Providers');
    await workbench.chat
      .getByText(/line 3, column/)
      .first()
      .waitFor();
  });

  await scenario.step('Deleting a provider lists its uses, and asks what to do with its key', async () => {
    await workbench.chat.getByRole('button', { name: 'More for House server' }).first().click();
    await workbench.chat.getByRole('menuitem', { name: 'Delete…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete with Key' }).waitFor();
  });

  await scenario.step('A chat with a missing provider shows the error, keeps the message and offers another', async () => {
    await page.getByRole('dialog').getByRole('button', { name: 'Delete with Key' }).click();
    await page.getByRole('tab', { name: /Who answers here/ }).click();
    await workbench.chat.getByRole('button', { name: /not found/ }).waitFor();
    await send(workbench, 'Who answers when nobody is left?');
    await button('Switch Model…').waitFor();
    assert.equal(await composer(workbench).inputValue(), 'Who answers when nobody is left?');
  });

  await scenario.step('Another provider answers the kept question', async () => {
    await button('Switch Model…').click();
    await workbench.chat.getByRole('group', { name: 'The tour' }).getByRole('option').first().click();
    await composer(workbench).press('Enter');
    await workbench.until(async () => /recording/i.test(await answers(workbench).last().innerText()));
    await untilFinished(workbench);
  });

  await scenario.step('The keys and the passphrase are in no log, no page and no file', async () => {
    const secrets = [key, wrongKey, passphrase];
    const folders = ['plue', 'home', 'user', 'server', 'workspace'].map((name) => join(workbench.folder, name));
    assert.deepEqual(
      folders.flatMap((folder) => secrets.flatMap((secret) => filesWith(folder, secret))),
      [],
    );
    const pages = await Promise.all(page.frames().map((frame) => frame.content().catch(() => '')));
    const shown = [workbench.console.join('\n'), ...pages].join('\n');
    assert.deepEqual(
      secrets.filter((secret) => shown.includes(secret)),
      [],
    );
  });
}

/** @param {string} folder @param {string} words @returns {string[]} */
function filesWith(folder, words) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() && readFileSync(path).includes(words));
}
