// Tools of an MCP server in all chats, selected in a list with their tokens. A server asks the user with a form, and to open an address.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts, inRoot } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { ask, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { asked, notification, pick } from '../runner/prompts.mjs';
import { ScriptedEndpoint, scriptedRounds } from '../runner/scriptedEndpoint.mjs';

const everything = inRoot('node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js');
const form = { calls: [{ name: 'everything__trigger-elicitation-request', parameters: {} }] };
const address = {
  calls: [
    {
      name: 'everything__trigger-url-elicitation',
      parameters: { url: 'https://sign-in.example.com/start?id=1', message: 'Sign in to continue.' },
    },
  ],
};

/** @type {Record<string, import('../runner/scriptedEndpoint.mjs').Reply[]>} */
const script = {
  'Ask me': [form, { text: 'You answered.' }],
  'Refuse me': [form, { text: 'You declined.' }],
  'Send me there': [address, { text: 'You did not go.' }],
};

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = scriptedRounds(script, 'Tools');
  const workbench = await scenario.open({
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
      writeFileSync(
        join(home, 'mcp.json5'),
        JSON.stringify({ mcpServers: { everything: { command: process.execPath, args: [everything, 'stdio'] } } }),
      );
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
  const { page, chat } = workbench;
  const row = (/** @type {string | RegExp} */ words) => page.locator('.quick-input-list .monaco-list-row').filter({ hasText: words });
  const title = (/** @type {string | RegExp} */ words) =>
    page.locator('.quick-input-widget:visible .quick-input-title').filter({ hasText: words });
  const ok = () => page.locator('.quick-input-widget').getByRole('button', { name: 'OK' }).click();
  const card = (/** @type {string} */ words) => chat.locator('.approval').filter({ hasText: words });
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `mcpTools-${name}.png`));
  const toolsOfLast = () =>
    endpoint.asked
      .filter(({ tools }) => tools !== undefined)
      .at(-1)
      ?.tools.map((/** @type {any} */ tool) => tool.function.name)
      .filter((/** @type {string} */ name) => name.startsWith('everything__')) ?? [];
  const lastResult = () => String(endpoint.asked.flatMap(({ messages }) => messages).findLast(({ role }) => role === 'tool')?.content);
  const allow = async (/** @type {string} */ tool) => {
    await card(`everything/${tool}`).waitFor({ timeout: 60_000 });
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await card(`everything/${tool}`).getByRole('button', { name: 'Allow Once' }).click();
  };
  await scenario.step('A server is approved, and no chat has its tools', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await workbench.command('Plue: New Chat');
    await workbench.command('Plue: Manage MCP Servers');
    await pick(workbench, 'MCP Servers', 'everything');
    await pick(workbench, 'everything', 'Approve…');
    await page.locator('.monaco-dialog-box').getByRole('button', { name: 'Approve' }).click();
    await notification(workbench, 'The server starts on first use').waitFor();
    await ask(workbench, 'Hello');
    await chat.getByText('Understood.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.deepEqual(toolsOfLast(), []);
  });

  await scenario.step('The list starts the server, and shows each tool with its tokens and their sum', async () => {
    await workbench.command('Plue: Select Tools');
    await asked(workbench, 'Select Tools: 0 tools');
    await row('everything: all tools')
      .filter({ hasText: /\d+ tools, about \d+ tokens/ })
      .waitFor();
    await row('everything/echo').getByText('Echoes').click();
    await title(/Select Tools: 1 tool, about \d+ tokens in each request/).waitFor();
    await picture('list-dark');
  });

  await scenario.step('Every chat has the selected tool', async () => {
    await ok();
    await notification(workbench, /Chats have 1 of these tools, about \d+ tokens/).waitFor();
    await ask(workbench, 'Hello again');
    await chat.getByText('Understood.').nth(1).waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.deepEqual(toolsOfLast(), ['everything__echo']);
  });

  await scenario.step('The row of a server selects all of its tools', async () => {
    await workbench.command('Plue: Select Tools');
    await asked(workbench, 'Select Tools: 1 tool');
    await row('everything: all tools')
      .getByText(/\d+ tools, about/)
      .click();
    await title(/Select Tools: \d\d tools/).waitFor();
    await ok();
    await notification(workbench, /Chats have \d\d of these tools/).waitFor();
  });

  await scenario.step('A server asks in a form with typed fields, and a wrong value is not sent', async () => {
    await ask(workbench, 'Ask me');
    await allow('trigger-elicitation-request');
    const question = card('Question from the MCP server everything');
    await question.getByText('Please provide inputs for the following fields:').waitFor({ timeout: 60_000 });
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await question.getByLabel('String with email format').fill('nobody');
    await question.getByRole('button', { name: 'Send Answer' }).click();
    assert.equal(await question.count(), 1);
    await question.getByLabel('String (required)', { exact: true }).fill('Ada Lovelace');
    await question.getByLabel('String with email format').fill('ada@example.com');
    await question.getByLabel('Drums').check();
    await requireAccessible(await workbench.chatFrame());
    await picture('form-dark');
  });

  await scenario.step('The server gets the values', async () => {
    await card('Question from').getByRole('button', { name: 'Send Answer' }).click();
    await chat.getByText('You answered.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.match(lastResult(), /Ada Lovelace/);
    assert.match(lastResult(), /Drums/);
  });

  await scenario.step('A declined question gives the server nothing', async () => {
    await ask(workbench, 'Refuse me');
    await allow('trigger-elicitation-request');
    await card('Question from').waitFor({ timeout: 60_000 });
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await card('Question from').getByRole('button', { name: 'Decline' }).click();
    await chat.getByText('You declined.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.match(lastResult(), /declined/i);
  });

  await scenario.step('An address is shown with its host before it is opened', async () => {
    await ask(workbench, 'Send me there');
    await allow('trigger-url-elicitation');
    const question = card('Sign in to continue.');
    await question.getByText('sign-in.example.com', { exact: true }).waitFor({ timeout: 60_000 });
    await question.getByText('https://sign-in.example.com/start?id=1').waitFor();
    await question.getByRole('button', { name: 'Open in Browser' }).waitFor();
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await picture('address');
    await question.getByRole('button', { name: 'Decline' }).click();
    await chat.getByText('You did not go.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`The list and a question in ${theme}`, async () => {
      const name = theme === 'Light Modern' ? 'light' : 'contrast';
      const bodyClass = workbench.setTheme(theme);
      await workbench.reload();
      await chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
      await workbench.command('Plue: Select Tools');
      await title(/Select Tools: \d\d tools/).waitFor();
      await picture(`list-${name}`);
      await page.keyboard.press('Escape');
      await ask(workbench, 'Refuse me');
      await allow('trigger-elicitation-request');
      await card('Question from').waitFor({ timeout: 60_000 });
      await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
      await requireAccessible(await workbench.chatFrame());
      await picture(`form-${name}`);
      await card('Question from').getByRole('button', { name: 'Decline' }).click();
      await untilFinished(workbench);
    });
  }
}
