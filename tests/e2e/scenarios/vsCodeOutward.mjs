// What Plue gives to VS Code's own chat beside models, and the models of other extensions that Plue takes from VS Code.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { answers, composer, newChat, untilFinished } from '../runner/chatPage.mjs';

/** Offers a model that repeats, calls tools of Plue, and one of its MCP server. */
const code = `
const vscode = require('vscode');
const show = async (content) => vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content }));
const textOf = ({ content }) => content.map(({ value }) => value).join('');
const call = (name, input) => vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined }).then(textOf, (error) => 'failed: ' + error.message);
const served = () => vscode.lm.tools.find(({ name }) => name.startsWith('mcp_') && name.endsWith('list_chats'));
const model = { id: 'echo/one', name: 'Echo', family: 'echo', version: '1', maxInputTokens: 32000, maxOutputTokens: 4000, capabilities: {} };
exports.activate = (context) =>
  context.subscriptions.push(
    vscode.lm.registerLanguageModelChatProvider('acme', {
      provideLanguageModelChatInformation: async () => [model],
      provideLanguageModelChatResponse: async (_model, messages, _options, progress) => {
        const parts = messages[messages.length - 1].content;
        progress.report(new vscode.LanguageModelTextPart('Echo of ' + parts.map((part) => part.value ?? '').join('')));
      },
      provideTokenCount: async () => 1,
    }),
    vscode.commands.registerCommand('acme.tools', async () => {
      const names = vscode.lm.tools.map(({ name }) => name).filter((name) => name.startsWith('plue_'));
      const found = await call('plue_search_chats', { text: 'mountain' });
      const wrong = await call('plue_read_chat', { uri: 'nothing' });
      await show([names.sort().join(' '), found, wrong].join('\\n'));
    }),
    vscode.commands.registerCommand('acme.task', async () => show('Start: ' + await call('plue_start_task', { goal: 'Name a *river*' }))),
    vscode.commands.registerCommand('acme.mcp', async () => {
      // VS Code raises no event when a server has listed its tools.
      for (let tries = 0; tries < 300 && !served(); tries++) await new Promise((resolve) => setTimeout(resolve, 100));
      await show('Served: ' + await call(served()?.name ?? 'none', {}));
    }),
  );
`;

/** @param {string} folder */
function writeExtension(folder) {
  const own = join(folder, 'acme.echo-1.0.0');
  const manifest = {
    publisher: 'acme',
    name: 'echo',
    displayName: 'Acme Echo',
    version: '1.0.0',
    engines: { vscode: '^1.106.0' },
    main: './main.js',
    activationEvents: ['onStartupFinished'],
    contributes: {
      commands: [
        { command: 'acme.tools', title: 'Acme: Call Tools of Plue' },
        { command: 'acme.task', title: 'Acme: Start a Task of Plue' },
        { command: 'acme.mcp', title: 'Acme: Call the Server of Plue' },
      ],
      languageModelChatProviders: [{ vendor: 'acme', displayName: 'Acme' }],
    },
  };
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'main.js'), code);
  writeFileSync(join(own, 'package.json'), JSON.stringify(manifest));
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const workbench = await scenario.open({
    extensions: writeExtension,
    settings: {
      'plue.vsCodeChat.tools': true,
      'plue.vsCodeChat.mcp': true,
      'chat.disableAIFeatures': false,
      'editor.wordWrap': 'on',
      'editor.accessibilitySupport': 'off',
    },
    prepare: (home) => {
      mkdirSync(join(home, 'providers'), { recursive: true });
      const settings = { name: 'VS Code', provider_type: 'vscode', model: 'acme/echo/one' };
      writeFileSync(join(home, 'providers', 'editor.json5'), JSON.stringify(settings));
      writeFileSync(join(home, 'config.json5'), '{ default_large: "editor" }');
    },
  });
  await runSteps(scenario, workbench);
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 */
async function runSteps(scenario, workbench) {
  const { chat, page } = workbench;
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `vsCodeOutward-${name}.png`));

  await scenario.step('A model of another extension answers a chat of Plue, with an unknown cost', async () => {
    await workbench.show();
    await newChat(workbench);
    await composer(workbench).fill('Name a mountain');
    await composer(workbench).press('Enter');
    await chat
      .getByText(/Echo of .*Name a mountain/)
      .first()
      .waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.equal(await answers(workbench).count(), 1);
    const folder = join(workbench.plueHome, 'codices', 'chats');
    const journals = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    assert.ok(journals.every((journal) => !journal.includes('"cost"')));
    await picture('model');
  });

  await scenario.step('Add Provider offers the models of VS Code', async () => {
    await workbench.command('Plue: Add Provider');
    const row = page.locator('.quick-input-list .monaco-list-row', { hasText: 'Language models in VS Code' });
    await page.locator('.quick-input-widget input').fill('Language models');
    await row.waitFor({ timeout: 30_000 });
    await picture('add-provider');
    await page.keyboard.press('Escape');
  });

  await scenario.step('Another extension finds the chat with a tool of Plue', async () => {
    await workbench.command('Acme: Call Tools of Plue');
    const text = page.locator('.monaco-editor .view-lines').filter({ hasText: 'plue_search_chats' });
    await text.waitFor({ timeout: 60_000 });
    const shown = (await text.innerText()).replaceAll('\u00a0', ' ');
    assert.match(shown, /plue_read_chat plue_search_chats plue_start_task plue_task_result plue_task_status/);
    assert.match(shown, /codex:\/\/chats\/chat_/);
    assert.match(shown, /`uri` must be an address/);
    await picture('tools');
    await workbench.command('View: Revert and Close Editor');
  });

  const started = page.locator('.monaco-editor .view-lines').filter({ hasText: 'Start:' });
  const question = page.locator('.monaco-dialog-box').filter({ hasText: 'Start a task in Plue?' });
  const tasks = () => {
    const folder = join(workbench.plueHome, 'codices', 'tasks');
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : [];
  };

  await scenario.step('A task that another extension starts asks first, with its goal, and a canceled one is not created', async () => {
    await workbench.command('Acme: Start a Task of Plue');
    await question.waitFor({ timeout: 60_000 });
    assert.match(await question.innerText(), /Name a \*river\*[\s\S]*Template: task/);
    await picture('task-question');
    await question.getByRole('button', { name: 'Cancel' }).click();
    await started.filter({ hasText: 'failed' }).waitFor({ timeout: 30_000 });
    assert.deepEqual(tasks(), []);
    await workbench.command('View: Revert and Close Editor');
  });

  await scenario.step('An allowed one is created and its address returned', async () => {
    await workbench.command('Acme: Start a Task of Plue');
    await question.getByRole('button', { name: 'Yes' }).click();
    await started.filter({ hasText: 'codex://tasks/task_' }).waitFor({ timeout: 60_000 });
    assert.equal(tasks().length, 1);
    await picture('task');
    await workbench.command('View: Revert and Close Editor');
  });

  await scenario.step('VS Code starts the MCP server of Plue, and another extension calls its tool', async () => {
    const rows = page.locator('.quick-input-list .monaco-list-row');
    await workbench.command('MCP: List Servers');
    await rows.filter({ hasText: 'Plue' }).first().waitFor({ timeout: 30_000 });
    await picture('mcp');
    await rows.filter({ hasText: 'Plue' }).first().click();
    await rows.filter({ hasText: 'Start Server' }).first().click();
    await workbench.command('Acme: Call the Server of Plue');
    const served = page.locator('.monaco-editor .view-lines').filter({ hasText: 'Served:' });
    await served.filter({ hasText: 'codex://chats/chat_' }).waitFor({ timeout: 60_000 });
    await picture('mcp-call');
    await workbench.command('View: Revert and Close Editor');
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast', 'Dark Modern'])) {
    await scenario.visual(`The response can be read in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.reload();
      await chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await chat
        .getByText(/Echo of .*Name a mountain/)
        .first()
        .waitFor({ timeout: 60_000 });
      await picture(`model-${theme.split(' ')[0].toLowerCase()}`);
    });
  }
}
