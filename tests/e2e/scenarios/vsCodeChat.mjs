// Plue in VS Code's own chat: its models are used by other extensions and the Chat view, and @plue responds in a chat of Plue.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint, scriptedRounds } from '../runner/scriptedEndpoint.mjs';

/** Sends a request to a model of Plue, runs the tool that it calls, and shows the response. */
const code = `
const vscode = require('vscode');
exports.activate = (context) =>
  context.subscriptions.push(
    vscode.commands.registerCommand('acme.ask', async () => {
      const [model] = await vscode.lm.selectChatModels({ vendor: 'plue' });
      const tools = [{ name: 'weather', description: 'Gets the weather.', inputSchema: { type: 'object', properties: {} } }];
      const messages = [vscode.LanguageModelChatMessage.User('Weather in Bergen')];
      let said = '';
      for (let round = 0; round < 2; round++) {
        const response = await model.sendRequest(messages, { tools });
        const calls = [];
        for await (const part of response.stream) {
          if (part instanceof vscode.LanguageModelTextPart) said += part.value;
          else if (part instanceof vscode.LanguageModelToolCallPart) calls.push(part);
        }
        if (calls.length === 0) break;
        messages.push(vscode.LanguageModelChatMessage.Assistant(calls));
        const results = calls.map(({ callId }) => new vscode.LanguageModelToolResultPart(callId, [new vscode.LanguageModelTextPart('Rain')]));
        messages.push(vscode.LanguageModelChatMessage.User(results));
      }
      const text = model.name + ' of ' + model.vendor + ' says: ' + said;
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content: text }));
    }),
  );
`;

/** @type {Record<string, import('../runner/scriptedEndpoint.mjs').Reply[]>} */
const script = {
  'Weather in Bergen': [{ calls: [{ name: 'weather', parameters: {} }] }, { text: 'Take an umbrella.' }],
  'Greet me': [{ text: 'Hello from **Plue**.' }],
  'And again': [{ text: 'Hello once more.' }],
};

/** @param {string} folder */
function writeExtension(folder) {
  const own = join(folder, 'acme.asker-1.0.0');
  const manifest = {
    publisher: 'acme',
    name: 'asker',
    displayName: 'Acme Asker',
    version: '1.0.0',
    engines: { vscode: '^1.106.0' },
    main: './main.js',
    contributes: { commands: [{ command: 'acme.ask', title: 'Acme: Ask a Model' }] },
  };
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'main.js'), code);
  writeFileSync(join(own, 'package.json'), JSON.stringify(manifest));
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = scriptedRounds(script, 'Title');
  const workbench = await scenario.open({
    extensions: writeExtension,
    settings: { 'plue.vsCodeChat.models': true, 'chat.disableAIFeatures': false, 'editor.accessibilitySupport': 'off' },
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
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
  const { chat } = workbench;
  const { page } = workbench;
  const own = page.locator('.interactive-session');
  const askOwn = async (/** @type {string} */ text) => {
    await workbench.command('Chat: Open Chat');
    await own.locator('.interactive-input-editor .monaco-editor').first().click();
    await page.keyboard.type(text);
    // The first Enter selects a participant from the list.
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
  };
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `vsCodeChat-${name}.png`));

  await scenario.step('Another extension gets a response and a tool call of a model of Plue', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await workbench.command('Acme: Ask a Model');
    await page.getByText('small-1 of plue says: Take an umbrella.').first().waitFor({ timeout: 60_000 });
    const results = endpoint.asked.filter(({ messages }) => messages.some((/** @type {any} */ { role }) => role === 'tool'));
    assert.equal(results.length, 1);
  });

  await scenario.step('Its cost is in the usage', async () => {
    await workbench.command('Plue: Show Usage');
    await chat.getByText('VS Code chat', { exact: true }).first().waitFor({ timeout: 60_000 });
    await page.keyboard.press('Control+F4');
  });

  await scenario.step('@plue answers in the Chat view of VS Code', async () => {
    await askOwn('@plue Greet me');
    await own.getByText('Hello from Plue.').waitFor({ timeout: 60_000 });
    await own.getByRole('button', { name: 'Continue in Plue' }).waitFor();
    await picture('answer');
  });

  await scenario.step('The next question belongs to the same chat of Plue, which opens from the response', async () => {
    await askOwn('And again');
    await own.getByText('Hello once more.').waitFor({ timeout: 60_000 });
    await own.getByRole('button', { name: 'Continue in Plue' }).last().click();
    await chat.getByRole('article', { name: 'Your message' }).filter({ hasText: 'Greet me' }).waitFor({ timeout: 60_000 });
    await chat.getByRole('article', { name: 'Your message' }).filter({ hasText: 'And again' }).waitFor();
    await picture('in-plue');
  });
}
