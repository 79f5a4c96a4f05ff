// An MCP server is declared in a file, approved with its whole command, started on first use, and approved for each call.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts, inRoot } from '../../../scripts/lib/paths.mjs';
import { ask, composer, untilFinished } from '../runner/chatPage.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { notification, pick } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const everything = inRoot('node_modules', '@modelcontextprotocol', 'server-everything', 'dist', 'index.js');

const template = `{
  id: "echoes", name: "Echoes", description: "Says it again.", version: "1.0.0", parent_template: "ai-chat",
  available_tools: ["everything/echo"],
}
`;

/** The model calls the tool once, with the text from the question. @param {any} asked */
function replyOf(asked) {
  const system = JSON.stringify(asked.messages);
  if (asked.tools === undefined && system.includes('title')) return { text: 'Echoes' };
  const last = asked.messages.findLastIndex((/** @type {{role: string}} */ { role }) => role === 'user');
  const said = /Echo (\w+)/.exec(JSON.stringify(asked.messages[last]?.content ?? ''))?.[1];
  const tool = asked.tools
    ?.map((/** @type {any} */ { function: { name } }) => name)
    .find((/** @type {string} */ name) => name.endsWith('echo'));
  const isDone = asked.messages.slice(last).some((/** @type {{role: string}} */ { role }) => role === 'tool');
  if (said === undefined || tool === undefined || isDone) return { text: isDone ? 'It was said again.' : 'There is no tool.' };
  return { calls: [{ name: tool, parameters: { message: said } }] };
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = replyOf;
  const workbench = await scenario.open({
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
      mkdirSync(join(home, 'templates'), { recursive: true });
      writeFileSync(join(home, 'templates', 'echoes.json5'), template);
      declare(home, [everything, 'stdio']);
    },
  });
  try {
    await runSteps(scenario, workbench, endpoint);
  } finally {
    await endpoint.stop();
  }
}

/** @param {string} home @param {string[]} args */
function declare(home, args) {
  writeFileSync(join(home, 'mcp.json5'), JSON.stringify({ mcpServers: { everything: { command: process.execPath, args } } }, null, 2));
}

/** True if a process of this window runs the server (Linux). @param {string} argument An argument that only the server has. */
function runs(argument) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument);
      } catch {
        return false; // ended meanwhile
      }
    });
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {ScriptedEndpoint} endpoint
 */
async function runSteps(scenario, workbench, endpoint) {
  const { page, chat } = workbench;
  const list = 'MCP Servers';
  const row = (/** @type {string} */ words) => page.locator('.quick-input-list .monaco-list-row').filter({ hasText: words });
  const approval = (/** @type {string | RegExp} */ words) => chat.locator('.approval').filter({ hasText: words });
  const lastResult = () => String(endpoint.asked.flatMap(({ messages }) => messages).findLast(({ role }) => role === 'tool')?.content);
  const dialog = () => page.locator('.monaco-dialog-box');

  await scenario.step('A server that a file declares is listed and not approved', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await workbench.command('Plue: Manage MCP Servers');
    await row('everything').filter({ hasText: 'not approved' }).filter({ hasText: everything }).waitFor();
  });

  await scenario.step('A chat that names its tool goes without it until then', async () => {
    await page.keyboard.press('Escape');
    await workbench.command('Plue: New Chat from Template');
    await row('Echoes').first().click();
    await chat.getByRole('button', { name: 'Template: Echoes' }).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Echo nothing');
    await untilFinished(workbench);
    await chat.getByText('There is no tool.').waitFor();
  });

  await scenario.step('Approving shows the program, each argument and the file', async () => {
    await workbench.command('Plue: Manage MCP Servers');
    await pick(workbench, list, 'everything');
    await pick(workbench, 'everything', 'Approve…');
    await dialog().getByText('Start the MCP server everything?').waitFor();
    const words = await dialog().innerText();
    for (const shown of [process.execPath, `Argument 1: ${everything}`, 'Argument 2: stdio', 'mcp.json5', 'Fingerprint:'])
      assert.ok(words.includes(shown), `“${shown}” is not in:\n${words}`);
  });

  await scenario.step('It is approved and does not run yet', async () => {
    await dialog().getByRole('button', { name: 'Approve' }).click();
    await notification(workbench, 'The server starts on first use').waitFor();
    assert.ok(!runs(everything));
  });

  await scenario.step('The first use starts it, and the call asks with what it is given', async () => {
    await ask(workbench, 'Echo hello');
    await approval('everything/echo').waitFor({ timeout: 60_000 });
    await approval('hello').waitFor();
    assert.ok(runs(everything));
    // Its buttons are disabled for a moment.
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('The result reaches the model and is shown', async () => {
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await approval('hello').getByRole('button', { name: 'Allow Once' }).click();
    await chat.getByText('It was said again.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.match(lastResult(), /Echo: hello/);
    await chat.locator('.tool-call').last().locator('summary, button').first().click();
    await chat.getByText('Echo: hello').waitFor();
  });

  await scenario.step('The list shows that it runs, and the tokens of its tools', async () => {
    await workbench.command('Plue: Manage MCP Servers');
    await row('everything')
      .filter({ hasText: /running, \d+ tools, about [\d,]+ tokens/ })
      .waitFor();
  });

  await scenario.step('Its tools and details open to be read', async () => {
    await pick(workbench, list, 'everything');
    await pick(workbench, 'everything', 'Show Details and Tools');
    await page.locator('.monaco-editor').getByText('everything/echo').first().waitFor();
  });

  await scenario.step('Its prompts are slash commands, and their text comes into the draft', async () => {
    await page.keyboard.press('Control+w');
    await composer(workbench).click();
    await page.keyboard.type('/everything.args');
    await chat.getByRole('option').filter({ hasText: '/everything.args-prompt city [state]' }).waitFor();
    await workbench.screenshot(inArtifacts('screenshots', 'servers-prompts.png'));
    await page.keyboard.press('Enter');
    await page.keyboard.type('Paris');
    await page.keyboard.press('Enter');
    await workbench.until(async () => (await composer(workbench).inputValue()).includes('weather in Paris'));
    await composer(workbench).fill('');
  });

  await scenario.step('Stop ends it', async () => {
    await workbench.command('Plue: Manage MCP Servers');
    await pick(workbench, list, 'everything');
    await pick(workbench, 'everything', 'Stop');
    await workbench.until(async () => !runs(everything));
  });

  await scenario.step('With other arguments it needs approval again, with the changes shown', async () => {
    declare(workbench.plueHome, [everything, 'stdio', '--verbose']);
    await workbench.command('Plue: Manage MCP Servers');
    await pick(workbench, list, 'changed, not approved');
    await pick(workbench, 'everything', 'Approve…');
    await dialog().getByText('Changes since approval').waitFor();
    assert.match(await dialog().innerText(), /--verbose/);
  });

  await scenario.step('A server without approval does not run', async () => {
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await dialog().waitFor({ state: 'hidden' });
    await ask(workbench, 'Echo again');
    await chat.getByText('There is no tool.').last().waitFor();
    await untilFinished(workbench);
    assert.ok(!runs(everything));
  });
}
