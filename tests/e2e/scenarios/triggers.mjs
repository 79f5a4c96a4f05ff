// Saved files start a task, whose reason and cost are on the page of triggers, until the limit of the day or the switch for all triggers stops it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';
import { pages } from '../runner/workbench.mjs';

const source = 'export const days = 30;\n';
/** A request costs 34 output tokens, $0.034. */
const model = {
  id: 'small-1',
  name: 'small-1',
  cost_per_1m_in: 0,
  cost_per_1m_out: 1000,
  context_window: 131_072,
  default_max_tokens: 100,
};
const catalog = { name: 'House server', id: 'house', type: 'openai-compat', models: [model] };

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  const finish = { name: 'finish', parameters: { summary: 'The file has no problems.', files_changed: [], checks: [] } };
  endpoint.reply = ({ tools }) => Promise.resolve(tools === undefined ? { text: 'Dates' } : { text: 'I have read it.', calls: [finish] });
  const workbench = await scenario.open({
    settings: { 'plue.chat.location': 'sideBar' },
    prepare: (home) => {
      writeLocalServer(home, endpoint, { catalog_provider: 'house' });
      mkdirSync(join(home, 'catalog'));
      writeFileSync(join(home, 'catalog', 'house.json'), JSON.stringify(catalog));
      const workspace = join(home, '..', 'workspace');
      mkdirSync(join(workspace, 'src'), { recursive: true });
      writeFileSync(join(workspace, 'src', 'dates.ts'), source);
      writeFileSync(join(workspace, 'data.json'), '{ "count": 1 }\n');
      git(workspace, 'init', '--quiet', '--initial-branch=main');
      git(workspace, 'config', 'user.name', 'Test');
      git(workspace, 'config', 'user.email', 'test@example.org');
      git(workspace, 'add', '--all');
      git(workspace, 'commit', '--quiet', '-m', 'First');
    },
  });
  workbench.chatPlace = 'view';
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
  const inPage = page.frameLocator(pages.editor).frameLocator('#active-frame');
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `triggers-${name}.png`));
  const section = (/** @type {string} */ name) => inPage.getByRole('region', { name });
  const rows = () => section('Check dates').getByRole('row');
  const item = () => join(workbench.plueHome, 'items', 'check-dates.json5');
  const write = (/** @type {string} */ name, /** @type {object} */ values) =>
    writeFileSync(join(workbench.plueHome, 'items', `${name}.json5`), JSON.stringify({ template: 'trigger', ...values }));
  const type = async (/** @type {string} */ file, /** @type {string} */ words, /** @type {string} */ text) => {
    await page.keyboard.press('Control+P');
    await page.locator('.quick-input-widget input').fill(file);
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: file }).waitFor();
    await page.keyboard.press('Enter');
    const line = page.locator('.view-line', { hasText: words });
    await line.click();
    await page.keyboard.press('End');
    await page.keyboard.insertText(text);
    await page.locator('.view-line', { hasText: text.trim() }).waitFor();
  };
  const save = async (/** @type {string} */ text) => {
    await type('dates.ts', 'days', text);
    await page.keyboard.press('Control+S');
    await page.locator('.tab.dirty').waitFor({ state: 'detached' });
  };
  const showPage = async () => {
    await workbench.command('Plue: Show Triggers');
    await inPage.getByRole('heading', { name: 'Triggers', exact: true }).waitFor({ timeout: 60_000 });
  };

  await scenario.step('An empty page leads to a new trigger', async () => {
    await workbench.show();
    await showPage();
    await inPage.getByText('No triggers yet.').waitFor({ timeout: 60_000 });
    await requireAccessible(await workbench.editorFrame());
    await picture('empty');
    await inPage.getByRole('button', { name: 'New Trigger' }).click();
    await inPage.getByRole('textbox', { name: 'Title' }).fill('Check dates', { timeout: 60_000 });
    await inPage.getByRole('combobox', { name: /^On\b/ }).selectOption('saved');
    await inPage.getByRole('button', { name: /^Add item to Files/ }).click();
    await page.keyboard.type('src/**/*.ts');
    await inPage.getByRole('textbox', { name: 'Goal' }).fill('Check the saved file.');
    await picture('form');
    await inPage.getByRole('button', { name: 'Create' }).click();
    await inPage.getByRole('heading', { name: 'Check dates' }).waitFor();
    assert.match(readFileSync(item(), 'utf8'), /"src\/\*\*\/\*\.ts"/);
    await workbench.command('View: Close All Editors');
  });

  await scenario.step('A saved file starts a task, and the page shows why and at what cost', async () => {
    await save(' // One');
    await showPage();
    await rows()
      .filter({ hasText: 'src/dates.ts was saved.' })
      .filter({ hasText: 'done' })
      .filter({ hasText: '$0.034' })
      .waitFor({ timeout: 60_000 });
    await section('Check dates').getByText('$0.034 of $2.00, 1 of 20 runs').waitFor();
    assert.ok(endpoint.asked.some(({ messages }) => JSON.stringify(messages).includes('Check the saved file.')));
    await requireAccessible(await workbench.editorFrame());
    await picture('ran');
    await rows().getByRole('button', { name: 'done' }).click();
    await workbench.chat.getByText('I have read it.').waitFor({ timeout: 60_000 });
    await workbench.command('View: Close All Editors');
  });

  await scenario.step('The limit of the day stops further runs', async () => {
    writeFileSync(item(), readFileSync(item(), 'utf8').replace('{', '{\n  budget_per_day: { runs: 1 },'));
    const limit = rows().filter({ hasText: 'It has run once today, which is the limit in budget_per_day.' });
    // A save right after a run counts as a change of that run.
    await workbench.until(async () => {
      await save(' // Two');
      await showPage();
      return (await limit.count()) > 0;
    }, 60_000);
    await section('Check dates').getByText('1 of 1 runs').waitFor();
    await picture('limit');
  });

  await scenario.step('A trigger and all triggers are turned off', async () => {
    await inPage.getByRole('checkbox', { name: 'Turn on Check dates' }).uncheck();
    await inPage.getByRole('checkbox', { name: 'Turn on Check dates', checked: false }).waitFor();
    await workbench.until(async () => readFileSync(item(), 'utf8').includes('enabled: false'));
    await section('Check dates').getByRole('button', { name: 'Run Now' }).click();
    await inPage.getByText('It has run once today').first().waitFor();
    await inPage.getByRole('checkbox', { name: 'All triggers on' }).uncheck();
    await inPage.getByText('All triggers are off. No event starts a task.').waitFor();
    assert.match(readFileSync(join(workbench.plueHome, 'config.json5'), 'utf8'), /triggers_enabled: false/);
    await requireAccessible(await workbench.editorFrame());
    await picture('off');
    await inPage.getByRole('button', { name: 'Turn On' }).click();
    await inPage.getByText('All triggers are off. No event starts a task.').waitFor({ state: 'detached' });
  });

  await scenario.step('A commit and an error in the editor start a task each', async () => {
    write('on-commit', { title: 'Describe commits', on: 'git', events: ['commit'], goal: 'Describe the commit.' });
    write('on-error', { title: 'Fix errors', on: 'problems', errors: 1, goal: 'Fix the errors.' });
    const workspace = join(workbench.folder, 'workspace');
    await workbench.command('View: Close All Editors');
    await showPage();
    await section('Fix errors').waitFor({ timeout: 60_000 });
    git(workspace, 'commit', '--quiet', '--all', '-m', 'Second');
    await section('Describe commits').getByText('There is a new commit on the branch main').waitFor({ timeout: 60_000 });
    await type('data.json', 'count', ' broken');
    await showPage();
    await section('Fix errors').getByText('The editor shows').waitFor({ timeout: 60_000 });
    await picture('events');
    await workbench.command('File: Save All');
  });

  await scenario.step('Schedules show when they are due next, and an error what is wrong', async () => {
    write('daily-report', {
      title: 'Daily report',
      on: 'schedule',
      schedule: '0 9 * * 1-5',
      time_zone: 'Europe/Berlin',
      goal: 'Write the report.',
    });
    write('weekly', { title: 'Weekly cleanup', on: 'schedule', schedule: '0 25 * * 1', goal: 'Clean up.' });
    await workbench.command('View: Close All Editors');
    await showPage();
    await section('Daily report').getByText('Next run').waitFor({ timeout: 60_000 });
    await section('Weekly cleanup').getByText('is not a calendar expression').waitFor();
    await requireAccessible(await workbench.editorFrame());
    await picture('several');
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`The page of triggers can be read in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.reload();
      await inPage.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await section('Daily report').waitFor({ timeout: 60_000 });
      await requireAccessible(await workbench.editorFrame());
      await picture(bodyClass);
    });
  }
}

/** @param {string} folder @param {...string} parameters */
function git(folder, ...parameters) {
  execFileSync('git', ['-C', folder, ...parameters]);
}
