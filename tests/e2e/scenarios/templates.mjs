// A new agent from one file and one prompt: created, changed, previewed, checked and run, without a restart.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts, inRoot } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, composer, newChat, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { notification, pick, type } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

/** The agent of this scenario, with a custom field and one that depends on another field. */
const agent = `{
  id: "log-reader",
  name: "Log reader",
  description: "Reads logs and says what happened.",
  version: "1.0.0",
  parent_template: "task",
  metadata: { icon: "output" },
  available_tools: ["read", "search"],
  system_prompt_ref: "codex://prompts/log-reader",
  provider_ref: "codex://providers/house",
  budget: { usd: 0.5, rounds: 10 },
  fields: [
    { name: "depth", type: "select", options: ["quick", "thorough"], default: "quick", description: "How far it looks." },
    { name: "until", type: "text", required: true, description: "Where it stops looking.", conditional: { field: "depth", value: "thorough" } },
  ],
}
`;

const prompt = `---
description: How logs are read
---
You read logs, {{depth}}. Name the first line that went wrong.
`;

/** A form that notifies the user of a decision. */
const decision = `{
  id: "decision", name: "Decision", version: "1.0.0",
  fields: [
    { name: "title", type: "text" },
    { name: "status", type: "select", options: ["open", "decided"], default: "open" },
  ],
  automation: { hooks: [
    { trigger: "field_change", field: "status", conditions: [{ field: "status", equals: "decided" }], action: "notify", message: "Decided: {{title}}" },
  ] },
}
`;

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.text = 'Line 12 went wrong first.';
  const workbench = await scenario.open({
    // Notifications are shown, as for a user. The editor does not change text that the test inserts as a whole.
    settings: {
      'editor.autoIndent': 'none',
      'editor.autoSurround': 'never',
      'editor.autoClosingBrackets': 'never',
      'editor.autoClosingQuotes': 'never',
      'editor.formatOnType': false,
    },
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
      mkdirSync(join(home, 'templates'), { recursive: true });
      writeFileSync(join(home, 'templates', 'decision.json5'), decision);
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
  const { page } = workbench;
  const form = () => workbench.chat;
  const inHome = (/** @type {string[]} */ ...parts) => join(workbench.plueHome, ...parts);
  const tab = (/** @type {string | RegExp} */ name) => page.getByRole('tab', { name });
  const button = (/** @type {string | RegExp} */ name) => form().getByRole('button', { name });
  const row = (/** @type {string} */ title) => page.getByRole('treeitem', { name: new RegExp(title) });
  /** Replaces the text in the editor of a file, and saves it. */
  const write = async (/** @type {string} */ name, /** @type {string} */ text) => {
    await tab(new RegExp(`^${name}`)).click();
    await page.locator('.editor-group-container.active .monaco-editor.focused').waitFor();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(text);
    await page.keyboard.press('Control+s');
    const file = inHome(name.endsWith('.md') ? 'prompts' : 'templates', name);
    await workbench.until(async () => readFileSync(file, 'utf8') === text);
  };

  await scenario.step('A new template begins with one that works, beside its prompt', async () => {
    await workbench.show();
    await workbench.command('Plue: New Template…');
    await pick(workbench, 'New Template (1 of 3)', 'An agent that reads');
    await type(workbench, 'New Template (2 of 3)', 'Log reader');
    await pick(workbench, 'New Template (3 of 3)', 'All workspaces');
    await tab(/^log-reader\.json5/).waitFor({ timeout: 60_000 });
    await tab(/^log-reader\.md/).waitFor();
    const text = readFileSync(inHome('templates', 'log-reader.json5'), 'utf8');
    assert.match(text, /id: "log-reader"/);
    assert.match(text, /name: "Log reader"/);
    assert.match(text, /codex:\/\/prompts\/log-reader/);
  });

  await scenario.step('It gets its own fields and prompt', async () => {
    await write('log-reader.md', prompt);
    await write('log-reader.json5', agent.replace('available_tools', 'availible_tools'));
  });

  await scenario.step('A typo is marked in place, with the suggested name', async () => {
    await page.locator('.squiggly-error, .squiggly-warning').first().waitFor();
    await page
      .getByRole('tab', { name: /log-reader\.json5.*1/ })
      .first()
      .waitFor();
  });

  await scenario.step('The names that fit are offered while one types', async () => {
    await write('log-reader.json5', agent);
    await page.locator('.squiggly-error').waitFor({ state: 'detached' });
    // After the last tool.
    await page.keyboard.press('Control+Home');
    for (let line = 0; line < 7; line++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
    for (let letter = 0; letter < 2; letter++) await page.keyboard.press('ArrowLeft');
    await page.keyboard.insertText(', "');
    await page.keyboard.press('Control+Space');
    await page.locator('.suggest-widget.visible').getByRole('option', { name: 'bash, Function' }).waitFor();
    await page.keyboard.press('Escape');
    await write('log-reader.json5', agent);
  });

  await scenario.step('The preview shows instructions and tools without calling a model', async () => {
    await page.getByRole('button', { name: 'Preview Template' }).first().click();
    await form().getByRole('heading', { name: 'Preview: Log reader' }).waitFor({ timeout: 60_000 });
    await form().getByText('You read logs, quick.').waitFor();
    await form()
      .getByRole('cell', { name: /House|read-only/ })
      .first()
      .waitFor();
    await form().getByText('House server').waitFor();
    assert.equal(endpoint.asked.length, 0);
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('A template that is saved shows at once what changed', async () => {
    await write('log-reader.md', prompt.replace('Name the first line', 'Quote the first line'));
    await tab(/^Preview: Log reader/).click();
    await form().getByText('Quote the first line').waitFor();
  });

  await scenario.visual('The trial in light', async () => {
    workbench.setTheme('Light Modern');
    await workbench.reload();
    await form().getByText('Quote the first line').waitFor({ timeout: 60_000 });
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.visual('The trial in high contrast', async () => {
    workbench.setTheme('Default High Contrast');
    await workbench.reload();
    await form().getByText('Quote the first line').waitFor({ timeout: 60_000 });
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('A new task is asked for with the user’s own fields, one of them only when it counts', async () => {
    await workbench.command('Plue: New Task…');
    await pick(workbench, 'New Task', 'Log reader');
    await form().getByRole('textbox', { name: 'Goal' }).fill('Find out why the build stopped.', { timeout: 60_000 });
    assert.equal(await form().getByRole('textbox', { name: 'Until' }).count(), 0);
    await form().getByLabel('Depth', { exact: true }).selectOption('thorough');
    await form().getByRole('textbox', { name: 'Until' }).fill('yesterday');
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('Rarely used fields are under More', async () => {
    await form().getByText('More', { exact: true }).click();
    await form().getByText('Max spawned tasks').waitFor();
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('It is started, and its panel shows the text of the agent', async () => {
    await button('Start').click();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await answers(workbench).filter({ hasText: 'Line 12 went wrong first.' }).waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    // A request for the title may follow it.
    const asked = JSON.stringify(endpoint.asked);
    assert.match(asked, /You read logs, thorough/);
    assert.match(asked, /Find out why the build stopped/);
  });

  await scenario.step('The task is in the tree under Agent Tasks', async () => {
    await page.getByRole('tab', { name: 'Plue', exact: true }).click();
    await row('Agent Tasks').waitFor();
    await page.getByRole('treeitem', { name: /build stopped.*done/ }).waitFor();
  });

  await scenario.step('It is archived from its row, and comes back', async () => {
    const menu = async (/** @type {RegExp} */ title, /** @type {string} */ entry) => {
      await page.getByRole('treeitem', { name: title }).click({ button: 'right' });
      await page.getByRole('menuitem', { name: new RegExp(`^${entry}`) }).hover();
      await page.keyboard.press('Enter');
    };
    await menu(/build stopped/, 'Archive Task');
    await row('Archived').waitFor();
    await row('Archived').click();
    await menu(/build stopped/, 'Unarchive Task');
    await row('Archived').waitFor({ state: 'detached' });
    await page.getByRole('treeitem', { name: /build stopped/ }).waitFor();
  });

  await scenario.step('The settings of a chat are the fields of its template', async () => {
    await newChat(workbench);
    await form().getByRole('button', { name: 'Template: Chat' }).click();
    await form().getByRole('menuitem', { name: 'Chat Settings…' }).click();
    await form().getByText('Chat, settings').waitFor({ timeout: 60_000 });
    await form().getByRole('textbox', { name: 'System prompt override' }).fill('Answer in one word.');
    await requireAccessible(await workbench.chatFrame());
    await button('Save').click();
    await form().getByText('Saved.').waitFor({ state: 'attached' });
  });

  await scenario.step('A changed field applies to the next message of that chat', async () => {
    await tab(/^New chat/).click();
    await composer(workbench).fill('Well?');
    await composer(workbench).press('Enter');
    await untilFinished(workbench);
    assert.match(JSON.stringify(endpoint.asked), /Answer in one word/);
  });

  await scenario.step('A notification of a hook links to its item', async () => {
    await workbench.command('Plue: New Item from Template…');
    await pick(workbench, 'New Item from Template', 'Decision');
    await form().getByRole('textbox', { name: 'Title' }).fill('Tabs', { timeout: 60_000 });
    await button('Create').click();
    await form().getByRole('heading', { name: 'Tabs' }).waitFor();
    await form().getByLabel('Status', { exact: true }).selectOption('decided');
    await button('Save').click();
    await notification(workbench, 'Decided: Tabs').waitFor();
    await notification(workbench, 'Decided: Tabs').getByRole('button', { name: 'Open' }).click();
  });

  await scenario.step('Findings of a check are in the Problems panel', async () => {
    writeFileSync(
      inHome('templates', 'wild.json5'),
      agent.replaceAll('log-reader', 'wild').replace('"search"]', '"search", "write", "bash"]'),
    );
    await workbench.command('Plue: Check Templates');
    await notification(workbench, /in the templates/)
      .first()
      .waitFor();
    await notification(workbench, /in the templates/)
      .first()
      .getByRole('button', { name: 'Show Problems' })
      .click();
    await page.locator('.markers-panel').getByText('Plue check').first().waitFor();
  });

  await scenario.step('A field added to the template of providers is asked for when one is added', async () => {
    const shipped = readFileSync(inRoot('templates', 'llm-provider.json5'), 'utf8');
    const own = '{ name: "cost_center", type: "text", required: true, description: "Who pays for it." },';
    writeFileSync(inHome('templates', 'llm-provider.json5'), shipped.replace('fields: [', `fields: [\n    ${own}`));
    await workbench.command('Plue: Manage Providers');
    await form().getByRole('button', { name: 'Add Provider', exact: true }).click({ timeout: 60_000 });
    await button('Choose OpenAI-compatible server').click({ timeout: 60_000 });
    await form().getByRole('textbox', { name: 'Cost center' }).fill('Research');
    await form().getByRole('textbox', { name: 'Name', exact: true }).fill('Lab');
    await form().getByRole('textbox', { name: 'Endpoint' }).fill(endpoint.url);
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('It is kept in the provider’s file, and can be changed there', async () => {
    await form().getByRole('button', { name: 'Connect', exact: true }).click();
    await type(workbench, 'Key for Lab', '');
    await workbench.until(
      async () =>
        existsSync(inHome('providers', 'lab.json5')) && /cost_center/.test(readFileSync(inHome('providers', 'lab.json5'), 'utf8')),
    );
  });

  await scenario.visual('The example of the documentation: its completions, and the form of its task', async () => {
    const documented = readFileSync(inRoot('docs', 'templates.md'), 'utf8');
    const example = /^```json5\n(\{\n {2}id: "changelog-writer".*?)^```/ms.exec(documented)?.[1];
    const text = /^```markdown\n(---.*?)^```/ms.exec(documented)?.[1];
    assert.ok(example !== undefined && text !== undefined);
    writeLocalServer(workbench.plueHome, endpoint, { name: 'Local Llama' }, 'local-llama');
    writeFileSync(inHome('prompts', 'changelog-writer.md'), text);
    writeFileSync(inHome('templates', 'changelog-writer.json5'), example);
    const picture = (/** @type {string} */ name) =>
      workbench.screenshot(
        process.env['UPDATE'] === undefined ? inArtifacts('screenshots', `templates-${name}`) : inRoot('docs', 'images', name),
      );
    workbench.setTheme('Dark Modern');
    await workbench.command('View: Close All Editors');
    await page.setViewportSize({ width: 1200, height: 760 });
    await workbench.reload();
    await workbench.command('View: Hide Panel');
    // The path of the file is that of this run.
    await workbench.command('View: Toggle Breadcrumbs');

    await workbench.command('Plue: New Task…');
    await pick(workbench, 'New Task', 'Changelog writer');
    await form().getByRole('textbox', { name: 'Goal' }).fill('Write the entry of version 3 from the commits since the last tag.');
    await form().getByLabel('Audience', { exact: true }).waitFor();
    await picture('tasks.png');
    await workbench.command('View: Close All Editors');

    await page.keyboard.press('Control+p');
    await page.locator('.quick-input-widget input').fill(inHome('templates', 'changelog-writer.json5'));
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'changelog-writer.json5' }).waitFor();
    await page.keyboard.press('Enter');
    await tab(/^changelog-writer\.json5/).waitFor();
    await page.locator('.editor-instance .monaco-editor.focused').waitFor();
    await workbench.command('View: Close Primary Side Bar');
    await page.locator('.view-line', { hasText: 'available_tools' }).click();
    await page.keyboard.press('End');
    for (let letter = 0; letter < 2; letter++) await page.keyboard.press('ArrowLeft');
    await page.keyboard.insertText(', ""');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Control+Space');
    await page.locator('.suggest-widget.visible').getByRole('option', { name: 'bash, Function' }).waitFor();
    await picture('templates.png');
  });
}
