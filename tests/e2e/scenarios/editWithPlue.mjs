// A template that a chat changes, and one that it creates from a description: checked, approved, written, and undone.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireAccessible } from '../runner/accessibility.mjs';
import { ask, composer, untilFinished, viewAllLines } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { asked, pick, type } from '../runner/prompts.mjs';
import { ScriptedEndpoint, scriptedRounds } from '../runner/scriptedEndpoint.mjs';

const reader = `{
  // Reads, and no more.
  id: "log-reader",
  name: "Log reader",
  version: "1.0.0",
  parent_template: "task",
  available_tools: ["read"],
}
`;
const changed = reader.replace('["read"]', '["read", "search"]');
const summarizer = `{
  id: "error-lister",
  name: "Error lister",
  version: "1.0.0",
  parent_template: "task",
  system_prompt_ref: "codex://prompts/error-lister",
  available_tools: ["read", "search"],
  budget: { usd: 0.2, rounds: 10 },
}
`;

const uri = 'codex://templates/log-reader';
const settings = 'codex://settings/config';
const edit = (/** @type {object} */ parameters) => ({ calls: [{ name: 'edit_codex', parameters }] });

/** The model's rounds for each question. @type {Record<string, import('../runner/scriptedEndpoint.mjs').Reply[]>} */
const script = {
  'Let it search too': [
    { text: 'I read the template.', calls: [{ name: 'codex', parameters: { uri } }] },
    { text: 'I give it the tool.', ...edit({ uri, old: '["read"]', new: '["read", "serch"]' }) },
    { text: 'I correct the name.', ...edit({ uri, old: '["read"]', new: '["read", "search"]' }) },
    { text: 'It can search now.' },
  ],
  'Limit the day to 3 dollars': [
    { text: 'I read the settings.', calls: [{ name: 'codex', parameters: { uri: settings } }] },
    { text: 'I set it.', ...edit({ uri: settings, old: '{ default_large', new: '{ budget_usd_per_day: 3, default_large' }) },
    { text: 'At most 3 dollars a day.' },
  ],
  'Create a template: lists errors': [
    {
      text: 'First its prompt.',
      ...edit({ uri: 'codex://prompts/error-lister', text: '---\ndescription: Lists errors\n---\nYou list the first errors of a log.\n' }),
    },
    { text: 'Now the template.', ...edit({ uri: 'codex://templates/error-lister', text: summarizer }) },
    { text: 'Run Plue: New Task to try it.' },
  ],
};

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = scriptedRounds(script, 'Title');
  const workbench = await scenario.open({
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
      mkdirSync(join(home, 'templates'), { recursive: true });
      writeFileSync(join(home, 'templates', 'log-reader.json5'), reader);
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
  const inHome = (/** @type {string[]} */ ...parts) => join(workbench.plueHome, ...parts);
  const text = () => readFileSync(inHome('templates', 'log-reader.json5'), 'utf8');
  const approval = (/** @type {string | RegExp} */ words) => chat.locator('.approval').filter({ hasText: words });
  const tab = () => page.getByRole('tab', { name: /^log-reader\.json5/ });
  const fromMenu = async (/** @type {string} */ entry) => {
    await tab().click({ button: 'right' });
    await page.getByRole('menuitem', { name: entry }).hover();
    await page.getByRole('menuitem', { name: entry }).click();
  };
  const allow = async (/** @type {string} */ words) => {
    await approval(words).getByRole('button', { name: 'Allow Once' }).waitFor({ timeout: 60_000 });
    await viewAllLines(approval(words));
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await approval(words).getByRole('button', { name: 'Allow Once' }).click();
  };
  const results = () =>
    endpoint.asked
      .flatMap(({ messages }) => messages)
      .filter((/** @type {any} */ { role }) => role === 'tool')
      .map((/** @type {any} */ { content }) => String(content));

  await scenario.step('A template in the editor has a menu entry that opens a chat over it', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await page.keyboard.press('Control+p');
    await page.locator('.quick-input-widget:visible input[type="text"]').first().fill(inHome('templates', 'log-reader.json5'));
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'log-reader.json5' }).first().click();
    await tab().waitFor({ timeout: 60_000 });
    await fromMenu('Edit with Plue');
    await chat.getByRole('button', { name: 'Template: Document editor' }).waitFor({ timeout: 60_000 });
    await composer(workbench).waitFor();
  });

  await scenario.step('A change that makes the template invalid is rejected with the problem, without a question', async () => {
    await ask(workbench, 'Let it search too');
    await approval('Edit this').waitFor({ timeout: 60_000 });
    assert.ok(
      results().some((result) =>
        /was not changed, because line 7 of the new text has an error: The tool `serch` does not exist\. Did you mean `search`\?/.test(
          result,
        ),
      ),
      results().join('\n'),
    );
    assert.equal(await approval('serch').count(), 0);
    assert.equal(text(), reader);
  });

  await scenario.look('The approval shows the change of the template', async () => {
    await approval('+  available_tools: ["read", "search"],').waitFor();
    await approval(uri).first().waitFor();
    assert.equal(
      await approval('')
        .getByRole('button', { name: /Always Allow/ })
        .count(),
      0,
      'Each change of a template asks.',
    );
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('After approval the file is changed, and its editor shows it', async () => {
    await allow('search');
    await chat.getByText('It can search now.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.equal(text(), changed);
    await tab().click();
    await page.locator('.monaco-editor .view-line', { hasText: '"search"' }).first().waitFor({ timeout: 30_000 });
    const system = endpoint.asked.findLast(({ tools }) => tools !== undefined).messages[0].content;
    assert.match(String(system), /The document of this chat: codex:\/\/templates\/log-reader/);
  });

  await scenario.step('Undo restores the file, and the history has the change of the agent', async () => {
    await fromMenu('Undo Last Change to Item');
    await workbench.until(async () => text() === reader);
    await workbench.command('Plue: Show History');
    await pick(workbench, 'Show History', 'Log reader');
    await asked(workbench, 'History of Log reader');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'by agent' }).first().waitFor();
    await page.keyboard.press('Escape');
  });

  await scenario.step('A template is created from a description, its prompt first', async () => {
    await workbench.command('Plue: Create Template with Plue');
    await type(workbench, 'Create Template with Plue', 'lists errors');
    await allow('You list the first errors');
    await allow('Error lister');
    await chat.getByText('Run Plue: New Task to try it.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.equal(readFileSync(inHome('templates', 'error-lister.json5'), 'utf8'), summarizer);
    assert.ok(existsSync(inHome('prompts', 'error-lister.md')));
  });

  await scenario.step('The Settings page leads to a chat that changes the settings, with approval and undo', async () => {
    const config = () => readFileSync(inHome('config.json5'), 'utf8');
    const before = config();
    await workbench.command('Plue: Open Settings');
    await chat.getByRole('button', { name: 'Edit with Plue' }).click({ timeout: 60_000 });
    await chat.getByRole('button', { name: 'Template: Document editor' }).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Limit the day to 3 dollars');
    await approval('Edit this').waitFor({ timeout: 60_000 });
    assert.equal(config(), before);
    await allow('budget_usd_per_day');
    await chat.getByText('At most 3 dollars a day.').waitFor({ timeout: 60_000 });
    assert.match(config(), /budget_usd_per_day: 3/);
    assert.ok(results().some((result) => /Available settings/.test(result) && /notify_when_finished/.test(result)));
    await page.keyboard.press('Control+p');
    await page.locator('.quick-input-widget:visible input[type="text"]').first().fill(inHome('config.json5'));
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'config.json5' }).first().click();
    await page.getByRole('tab', { name: /^config\.json5/ }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Edit with Plue' }).waitFor();
    await page.getByRole('menuitem', { name: 'Undo Last Change to Item' }).click();
    await workbench.until(async () => config() === before);
  });

  await scenario.step('The new agent can be chosen for a task at once', async () => {
    await workbench.command('Plue: New Task');
    await asked(workbench, 'New Task');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Error lister' }).first().waitFor();
    await page.keyboard.press('Escape');
  });
}
