// An agent with ACP is detected, approved, connected, and used in a chat that asks before changes.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts, inRoot } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, ask, composer, newChat, untilFinished } from '../runner/chatPage.mjs';
import { notification } from '../runner/prompts.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  if (process.platform === 'win32') {
    scenario.skip('An agent answers', 'The scripted agent is a script.');
    return;
  }
  const workbench = await scenario.open({
    ownServer: true,
    prepare: (home) => {
      const bin = join(dirname(home), 'home', '.local', 'bin');
      mkdirSync(bin, { recursive: true });
      copyFileSync(inRoot('tests', 'Plue.Server.Tests', 'Providers', 'Acp', 'agent.mjs'), join(bin, 'codex-acp'));
      chmodSync(join(bin, 'codex-acp'), 0o755);
      writeFileSync(join(dirname(home), 'workspace', 'dates.js'), 'export const days = 30;\n');
    },
  });
  await runSteps(scenario, workbench);
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {import('../runner/workbench.mjs').Workbench} workbench */
async function runSteps(scenario, workbench) {
  const { page, chat } = workbench;
  const file = (/** @type {string} */ name) => join(workbench.folder, 'workspace', name);
  const approval = (/** @type {string | RegExp} */ words) => chat.locator('.approval').filter({ hasText: words });
  const changedIn = (/** @type {string} */ name) =>
    chat.locator('.tool-call').filter({ hasText: name }).locator('.changed-file:visible').first();
  const settled = async () => chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `acp-${name}.png`));

  await scenario.step('The Providers page offers the agent that is installed', async () => {
    await workbench.show();
    await notification(workbench, 'the tour').waitFor({ timeout: 60_000 });
    await workbench.command('Notifications: Clear All Notifications');
    await workbench.command('Plue: Manage Providers');
    await chat.getByRole('button', { name: 'Connect Codex CLI' }).waitFor({ timeout: 60_000 });
    await picture('found');
    await chat.getByRole('button', { name: 'Connect Codex CLI' }).click();
    await chat.getByText('.local/bin/codex-acp').waitFor();
    await picture('connect');
  });

  await scenario.step('Connecting starts it only after its program is approved', async () => {
    await chat.getByRole('button', { name: 'Approve Program: Codex CLI' }).click();
    await chat.getByText('Approved').first().waitFor();
    await chat.getByRole('button', { name: 'Connect', exact: true }).click();
    await chat.getByRole('heading', { name: /Connected to Codex CLI/ }).waitFor({ timeout: 60_000 });
    await picture('connected');
    const stored = readFileSync(join(workbench.plueHome, 'providers', 'codex-cli.json5'), 'utf8');
    assert.match(stored, /provider_type: ['"]?acp/);
  });

  await scenario.step('It answers in a chat, with its steps', async () => {
    await newChat(workbench);
    await chat.getByRole('button', { name: /^Provider and model/ }).click();
    await picture('picker');
    await chat.getByRole('group', { name: 'Codex CLI' }).getByRole('option', { name: /Small/ }).first().click();
    await composer(workbench).fill('think The user wants a plan.\nplan\nsay I am the **agent**.');
    await composer(workbench).press('Enter');
    await chat.getByText('I am the agent.', { exact: true }).waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.match(await answers(workbench).last().innerText(), /≈/);
  });

  await scenario.step('A change that it asks for is shown and waits', async () => {
    await composer(workbench).fill('say I change the days.\nask dates.js export const days = 31;\\n\nsay Done with it.');
    await composer(workbench).press('Enter');
    await approval('Edit this file?').waitFor({ timeout: 60_000 });
    assert.equal(readFileSync(file('dates.js'), 'utf8'), 'export const days = 30;\n');
    await settled();
    await picture('approval-dark');
  });

  await scenario.look('The question has no serious accessibility finding', async () => requireAccessible(await workbench.chatFrame()));

  await scenario.step('Allowed, it is done and becomes a change to review', async () => {
    await approval('days').getByRole('button', { name: 'Allow Once' }).click();
    await chat.getByText('Done with it.', { exact: true }).waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.equal(readFileSync(file('dates.js'), 'utf8'), 'export const days = 31;\n');
    await changedIn('dates.js').waitFor();
  });

  await scenario.step('Changes without approval are reviewed as well, and can be undone', async () => {
    await ask(workbench, 'edit notes.txt A note.');
    await untilFinished(workbench);
    await workbench.until(async () => existsSync(file('notes.txt')));
    await changedIn('notes.txt').waitFor();
    await workbench.command('Plue: Undo Last Turn');
    await workbench.until(async () => !existsSync(file('notes.txt')));
  });

  await scenario.step('A command of the agent runs after an approval, with its output', async () => {
    await ask(workbench, 'shell echo hello from the terminal > made.txt && cat made.txt');
    await approval('made.txt').waitFor({ timeout: 60_000 });
    await settled();
    await approval('made.txt').getByRole('button', { name: 'Allow Once' }).click();
    await untilFinished(workbench);
    await workbench.until(async () => existsSync(file('made.txt')));
  });

  await scenario.step('Its slash commands are offered in the composer', async () => {
    await composer(workbench).fill('/rev');
    await chat.getByRole('option', { name: /\/review/ }).waitFor();
    await picture('commands');
    await page.keyboard.press('Escape');
    await composer(workbench).fill('');
  });

  await scenario.step('Its mode and options are set in the composer, from the next message on', async () => {
    await chat.getByRole('button', { name: /^Agent options/ }).click();
    await chat.getByRole('menuitem', { name: /^Mode: plan/ }).waitFor();
    await picture('options');
    await chat.getByRole('menuitem', { name: /^Speed: Fast/ }).click();
    await ask(workbench, 'options');
    await chat.getByText(/^(default|acceptEdits) fast false$/).waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
  });

  await scenario.step('Its question waits in the chat, and it receives the answer', async () => {
    await composer(workbench).fill('question');
    await composer(workbench).press('Enter');
    await approval('Which color?').waitFor({ timeout: 60_000 });
    await settled();
    await picture('question');
    await approval('Which color?').getByRole('radio', { name: 'Green' }).check();
    await approval('Which color?').getByRole('button', { name: 'Send Answer' }).click();
    await chat.getByText(/"content":\{"color":"g"\}/).waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
  });

  await scenario.step('Its warning is part of the response', async () => {
    await ask(workbench, 'notice warning The quota is nearly used');
    await chat.getByText('The quota is nearly used').first().waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    await picture('warning');
  });

  await scenario.step('A failing agent shows one sentence', async () => {
    await ask(workbench, 'fail -32000 Authentication required');
    await chat.locator('.failure').filter({ hasText: 'Run `codex login` in a terminal' }).waitFor({ timeout: 60_000 });
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast', 'Dark Modern'])) {
    await scenario.visual(`The chat can be read in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.reload();
      await chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await chat.getByText('Done with it.', { exact: true }).waitFor({ timeout: 60_000 });
      await chat.getByText('I change the days.', { exact: true }).scrollIntoViewIfNeeded();
      await picture(`chat-${theme.split(' ')[0].toLowerCase()}`);
    });
  }
  await page.close();
}
