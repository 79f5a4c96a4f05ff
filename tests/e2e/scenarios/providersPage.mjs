// The Providers page, from a machine without providers to a provider that responds, fails and is fixed.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, ask, composer, newChat, send, untilFinished } from '../runner/chatPage.mjs';
import { asked, type } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const firstKey = 'sk-page-first-0123456789abcdef';
const secondKey = 'sk-page-second-fedcba9876543210';
const passphrase = 'a passphrase of the page';
const environmentKey = 'gsk_page_environment_0123456789';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.key = firstKey;
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  const workbench = await scenario.open({ forgetsSecrets: true, env });
  try {
    await runSteps(scenario, workbench, endpoint, env);
  } finally {
    await endpoint.stop();
  }
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {ScriptedEndpoint} endpoint
 * @param {NodeJS.ProcessEnv} env Environment of the window; changes apply after a restart.
 */
async function runSteps(scenario, workbench, endpoint, env) {
  const { page } = workbench;
  const button = (/** @type {string | RegExp} */ name) => workbench.chat.getByRole('button', { name });
  const textbox = (/** @type {string | RegExp} */ name) => workbench.chat.getByRole('textbox', { name });

  await scenario.step('With nothing found the page leads on', async () => {
    await workbench.show();
    await workbench.command('Plue: Manage Providers');
    await workbench.chat.getByRole('heading', { name: 'No models connected yet' }).waitFor({ timeout: 60_000 });
    await button('Choose Anthropic').waitFor();
    await button('More Providers…').waitFor();
  });

  await scenario.step('The catalog can be searched and narrowed', async () => {
    await button('More Providers…').click();
    await workbench.chat.getByRole('searchbox').first().fill('groq');
    await button('Choose Groq').waitFor();
    assert.equal(await workbench.chat.getByRole('table').count(), 0);
    await button('Compare Prices').click();
    await workbench.chat.getByRole('columnheader', { name: 'Input $/M' }).waitFor();
  });

  await scenario.look('The catalog has no serious accessibility finding', async () => requireAccessible(await workbench.chatFrame()));

  await scenario.step('A custom server needs its address', async () => {
    await button('Compare Prices').click();
    await workbench.chat.getByRole('searchbox').first().fill('');
    await button('Choose OpenAI-compatible server').click();
    await textbox('Name').fill('Lab');
    await textbox('Endpoint').fill(endpoint.url);
  });

  await scenario.step('Its key is typed into a password box of VS Code', async () => {
    await workbench.chat.getByRole('button', { name: 'Connect', exact: true }).click();
    await asked(workbench, 'Key for Lab');
    await type(workbench, 'Key for Lab', firstKey);
    await type(workbench, 'New passphrase for the Plue vault', passphrase);
    await workbench.chat.getByRole('heading', { name: /^Connected to/ }).waitFor();
    assert.equal(await textbox('Endpoint').isVisible(), false);
  });

  await scenario.step('The page shows it as connected, with its models', async () => {
    await button('Done').click();
    await workbench.chat
      .getByText(/Connected/)
      .first()
      .waitFor();
    await workbench.chat.getByText('large-2').first().waitFor();
  });

  await scenario.look('The page has no serious accessibility finding', async () => requireAccessible(await workbench.chatFrame()));

  await scenario.step('A chat with it streams', async () => {
    await newChat(workbench);
    await ask(workbench, 'Who answers here?');
    await workbench.chat.getByText('The endpoint on this machine answers.').waitFor();
    await untilFinished(workbench);
  });

  await scenario.step('A key that the server no longer takes shows as an error, tested from the page', async () => {
    endpoint.key = secondKey;
    await workbench.command('Plue: Manage Providers');
    await button(/^Test Lab/)
      .first()
      .click();
    await workbench.chat
      .getByText(/refused the key/)
      .first()
      .waitFor();
  });

  await scenario.step('The error is still there after a reload', async () => {
    await workbench.reload();
    await workbench.chat
      .getByText(/refused the key/)
      .first()
      .waitFor({ timeout: 60_000 });
  });

  await scenario.step('A new key repairs it', async () => {
    await button('Set Key…').first().click();
    await type(workbench, 'Unlock the Plue vault', passphrase);
    await type(workbench, 'Key for Lab', secondKey);
    await workbench.chat
      .getByText(/Connected/)
      .first()
      .waitFor();
  });

  await scenario.step('The chat goes on with the new key', async () => {
    await page.getByRole('tab', { name: /Who answers here/ }).click();
    await ask(workbench, 'And again?');
    await workbench.until(async () => (await answers(workbench).count()) === 2);
    await untilFinished(workbench);
  });

  await scenario.step('Turning it off lists its uses', async () => {
    await workbench.command('Plue: Manage Providers');
    await workbench.chat.getByRole('switch', { name: 'Lab enabled' }).first().click();
    await page
      .getByRole('dialog')
      .getByText(/Who answers here|chat/)
      .first()
      .waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await workbench.chat
      .getByText(/^Disabled/)
      .first()
      .waitFor();
  });

  await scenario.step('A chat of a switched-off provider keeps the question and offers to enable it', async () => {
    await page.getByRole('tab', { name: /Who answers here/ }).click();
    await send(workbench, 'Are you there?');
    await button('Enable').waitFor();
    assert.equal(await composer(workbench).inputValue(), 'Are you there?');
  });

  await scenario.step('Enabled from there, it answers the kept question', async () => {
    await button('Enable').click();
    await workbench.until(async () => readFileSync(join(workbench.plueHome, 'providers', 'lab.json5'), 'utf8').includes('enabled: true'));
    await composer(workbench).press('Enter');
    await workbench.until(async () => (await answers(workbench).count()) === 3);
    await untilFinished(workbench);
  });

  await scenario.step('Settings are changed on a page of their own', async () => {
    await workbench.command('Plue: Open Settings');
    await workbench.chat.getByRole('heading', { name: 'Settings' }).first().waitFor();
    await workbench.chat.getByRole('spinbutton', { name: /Daily/i }).first().fill('5');
    await workbench.page.keyboard.press('Tab');
    const config = join(workbench.plueHome, 'config.json5');
    await workbench.until(async () => existsSync(config) && readFileSync(config, 'utf8').includes('budget_usd_per_day: 5'));
  });

  await scenario.look('The settings have no serious accessibility finding', async () => requireAccessible(await workbench.chatFrame()));

  await scenario.step('The Usage page counts what was answered', async () => {
    await workbench.command('Plue: Show Usage');
    await workbench.chat.getByRole('heading', { name: 'Usage' }).first().waitFor();
    await workbench.chat.getByText('Lab').first().waitFor();
  });

  await scenario.look('The Usage page has no serious accessibility finding', async () => requireAccessible(await workbench.chatFrame()));

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`The Providers page in ${theme}`, async () => {
      workbench.setTheme(theme);
      await workbench.reload();
      await workbench.command('Plue: Manage Providers');
      await button(/^Test Lab/)
        .first()
        .waitFor({ timeout: 60_000 });
      await requireAccessible(await workbench.chatFrame());
      assert.equal(await page.getByRole('tab', { name: 'Providers', exact: true }).count(), 1);
    });
  }

  const program = join(workbench.plueHome, 'providers', 'bin', 'plue-provider-clock');

  await scenario.step('A program is offered with its path and hash, and connected once it is approved', async () => {
    mkdirSync(join(program, '..'), { recursive: true });
    writeFileSync(program, clock('It is noon here.'), { mode: 0o755 });
    await workbench.command('Plue: Manage Providers');
    await button('Add Provider').first().click();
    await workbench.chat.getByRole('searchbox').first().fill('external');
    await button('Choose External program').click();
    await workbench.chat.getByText(program).waitFor();
    await workbench.chat.getByText(/^SHA-256 [0-9a-f]{64}$/).waitFor();
    await textbox('Name').fill('Clock');
    await button(/^Approve Program/).click();
    await workbench.chat.getByText('Approved', { exact: true }).waitFor();
    await workbench.chat.getByRole('button', { name: 'Connect', exact: true }).click();
    await workbench.chat.getByRole('group', { name: 'Result' }).getByText('Connected').waitFor();
  });

  await scenario.step('A chat with the program streams', async () => {
    await button('Done').click();
    await newChat(workbench);
    await button(/^Provider and model/).click();
    await workbench.chat.getByRole('group', { name: 'Clock' }).getByRole('option').first().click();
    await button(/^Provider and model: Clock/).waitFor();
    await ask(workbench, 'What time is it?');
    await workbench.chat.getByText('It is noon here.').first().waitFor();
    await untilFinished(workbench);
  });

  await scenario.step('A changed program is refused, and the way leads to its approval', async () => {
    writeFileSync(program, clock('It is night now.'), { mode: 0o755 });
    await ask(workbench, 'And now?');
    await workbench.chat.locator('.failure').filter({ hasText: 'has changed since you approved it, so it was not started' }).waitFor();
    await button('Manage Providers').last().click();
    await button(/^Approve Program/)
      .first()
      .waitFor();
  });

  await scenario.step('Approved again, it answers', async () => {
    await button(/^Approve Program/)
      .first()
      .click();
    await button(/^Approve Program/).waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: /What time is it/ }).click();
    await button('Retry').last().click();
    await workbench.chat.getByText('It is night now.').first().waitFor();
    await untilFinished(workbench);
  });

  await scenario.step('A fallback responds for an overloaded provider, and the response names both and the reason', async () => {
    endpoint.manner = 'is overloaded';
    await workbench.reload(); // which locks the vault
    await workbench.command('Plue: Unlock Vault');
    await type(workbench, 'Unlock the Plue vault', passphrase);
    await page.getByRole('tab', { name: /Who answers here/ }).click();
    await button('Response options').click();
    await button(/^Add to Fallbacks/).click();
    await workbench.chat.getByRole('group', { name: 'Clock' }).getByRole('option').first().click();
    await button('Response options, changed for this chat').waitFor();
    await page.keyboard.press('Escape');
    await ask(workbench, 'Who answers now?');
    await workbench.chat
      .getByText(/^Response from Clock: Lab .*is not available now \(503\)/)
      .first()
      .waitFor({ timeout: 60_000 });
    await workbench.chat.getByText('It is night now.').first().waitFor();
    await untilFinished(workbench);
  });

  await scenario.step('A key in the environment is shown as such', async () => {
    env.GROQ_API_KEY = environmentKey;
    await workbench.restart();
    await workbench.command('Plue: Manage Providers');
    await workbench.chat.locator('.provider-name').filter({ hasText: 'Groq' }).click({ timeout: 60_000 });
    await workbench.chat.getByText('from the environment: GROQ_API_KEY').waitFor();
  });

  await scenario.step('One click moves it into the vault, for the vendor’s address only', async () => {
    await button('Move Key to Vault').click();
    await type(workbench, 'Unlock the Plue vault', passphrase);
    await workbench.chat
      .getByText(/^vault:\/\/groq\/api_key, .*sent only to https:\/\/api\.groq\.com/)
      .first()
      .waitFor();
    await button('Move Key to Vault').waitFor({ state: 'detached' });
  });

  await scenario.visual('The catalog in full', async () => {
    workbench.setTheme('Dark Modern');
    await workbench.reload();
    await workbench.command('Plue: Manage Providers');
    await workbench.chat.getByRole('button', { name: 'Add Provider', exact: true }).first().click({ timeout: 60_000 });
    await button('Choose Anthropic').waitFor();
    await workbench.screenshot(inArtifacts('screenshots', 'providersPage-catalog.png'));
  });

  await scenario.step('No key is in any file of Plue', async () => {
    const files = readdirSync(workbench.plueHome, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const text = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');
    for (const secret of [firstKey, secondKey, environmentKey, passphrase]) assert.ok(!text.includes(secret));
  });
}

/** Returns a program that responds with this text. @param {string} words */
function clock(words) {
  const pieces = words.split(' ').map((word) => `echo '{"type":"content","content":"${word} "}'`);
  return `#!/bin/sh
read -r request
case "$request" in
  *'"authenticate"'*) echo '{"success":true,"data":{}}' ;;
  *'"list_models"'*) echo '{"success":true,"data":[{"id":"clock-1"}]}' ;;
  *) ${pieces.join('; ')}; echo '{"type":"done"}' ;;
esac
`;
}
