// The same goal is given to three models, whose changes, checks, cost and time are compared side by side. One is chosen and merged.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { asked, notification, type } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';
import { pages } from '../runner/workbench.mjs';

const goal = 'Set the rate to two, with a test';
const names = ['Alpha', 'Beta', 'Gamma'];

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoints = await Promise.all(names.map(() => new ScriptedEndpoint().start()));
  /** Resolved when the third model may end. */
  let end = () => {};
  const ends = new Promise((resolve) => (end = () => resolve(undefined)));
  for (const [index, endpoint] of endpoints.entries()) {
    endpoint.models = [`model-${index + 1}`];
    endpoint.reply = (request) => replyOf(request, index, ends);
  }
  const workbench = await scenario.open({
    prepare: (home) => {
      for (const [index, endpoint] of endpoints.entries())
        writeLocalServer(home, endpoint, { name: names[index], model: `model-${index + 1}` }, `m${index + 1}`);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "m1", default_small: "m1" }');
      mkdirSync(join(home, 'templates'), { recursive: true });
      writeFileSync(join(home, 'templates', 'careful.json5'), JSON.stringify(careful));
      const workspace = join(dirname(home), 'workspace');
      mkdirSync(join(workspace, 'src'), { recursive: true });
      writeFileSync(join(workspace, 'src', 'prices.js'), 'export const rate = 1;\n');
      git(workspace, 'init', '--quiet', '--initial-branch=main');
      git(workspace, 'config', 'user.name', 'Test');
      git(workspace, 'config', 'user.email', 'test@example.org');
      git(workspace, 'add', '--all');
      git(workspace, 'commit', '--quiet', '-m', 'First');
    },
  });
  try {
    await runSteps(scenario, workbench, end);
  } finally {
    end();
    await Promise.all(endpoints.map((endpoint) => endpoint.stop()));
  }
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {import('../runner/workbench.mjs').Workbench} workbench @param {() => void} end */
async function runSteps(scenario, workbench, end) {
  const { page } = workbench;
  const shown = () => page.locator(pages.editor).filter({ visible: true }).contentFrame().frameLocator('#active-frame');
  const card = (/** @type {string} */ name) => shown().getByRole('listitem', { name: new RegExp(`^${name} · `) });
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `compare-${name}.png`));
  const workspace = join(workbench.folder, 'workspace');
  const source = () => readFileSync(join(workspace, 'src', 'prices.js'), 'utf8');
  const widget = page.locator('.quick-input-widget:visible');
  const tick = async (/** @type {string} */ text) => {
    await widget.locator('input[type="text"]').first().fill(text);
    await widget.locator('.monaco-list-row', { hasText: text }).first().click();
  };

  await scenario.step('Without a comparison, the page says what it is for', async () => {
    await workbench.show();
    await workbench.command('Plue: Open Comparison…');
    await shown().getByText('No comparisons yet').waitFor({ timeout: 60_000 });
    await picture('empty');
  });

  await scenario.step('A goal is given to three models under one budget', async () => {
    await shown().getByRole('button', { name: 'New Comparison…' }).click();
    await type(workbench, 'Compare Models on a Goal', goal);
    await asked(workbench, 'Select Agents');
    await tick('Careful');
    await page.keyboard.press('Enter');
    await asked(workbench, 'Select 2 to 6 Models');
    for (const name of names) await tick(name);
    await picture('models');
    await page.keyboard.press('Enter');
    await type(workbench, 'Budget of the Comparison', '3');
    await card('Alpha').waitFor({ timeout: 60_000 });
  });

  await scenario.step('Their changes and checks are shown while one still works', async () => {
    await card('Alpha').getByText('2 of 2 passed').waitFor({ timeout: 120_000 });
    await card('Beta').getByText('1 of 2 passed').waitFor({ timeout: 120_000 });
    await card('Gamma').getByRole('button', { name: 'Stop' }).waitFor();
    await card('Alpha').getByText('+2').waitFor();
    assert.equal(source(), 'export const rate = 1;\n');
    const frame = await (await shown().locator('body').elementHandle())?.ownerFrame();
    assert.ok(frame);
    await requireAccessible(frame);
    await picture('running');
  });

  await scenario.step('One is stopped, and the comparison survives a reload of the window', async () => {
    await card('Gamma').getByRole('button', { name: 'Stop' }).click();
    await card('Gamma').getByText('stopped', { exact: true }).waitFor({ timeout: 60_000 });
    end();
    await workbench.reload();
    await card('Alpha').getByText('2 of 2 passed').waitFor({ timeout: 60_000 });
    await card('Beta').getByText('1 of 2 passed').waitFor();
  });

  await scenario.step('The changes of one are reviewed', async () => {
    await card('Alpha').getByRole('button', { name: 'Review' }).click();
    await page.locator('.multiDiffEntry .view-line', { hasText: 'rate = 2' }).waitFor({ timeout: 30_000 });
    await page.keyboard.press('Control+w');
  });

  await scenario.step('One is chosen and merged, and the others are kept', async () => {
    await card('Alpha').getByRole('button', { name: 'Choose…' }).click();
    await asked(workbench, 'Merge plue/');
    await page.locator('.quick-input-widget input[type="text"]').first().press('Enter');
    await notification(workbench, /was chosen/).waitFor({ timeout: 60_000 });
    await card('Alpha').getByText('Chosen').waitFor();
    assert.match(source(), /rate = 2/);
    const worktrees = join(workbench.plueHome, 'worktrees', 'workspace');
    assert.equal(existsSync(worktrees) ? readdirSync(worktrees).length : 0, 3);
  });

  for (const [theme, name] of /** @type {const} */ ([
    ['Dark Modern', 'dark'],
    ['Light Modern', 'light'],
    ['Default High Contrast', 'contrast'],
  ])) {
    await scenario.visual(`The comparison in the theme ${theme}`, async () => {
      workbench.setTheme(theme);
      await workbench.reload();
      await card('Alpha').getByText('Chosen').waitFor({ timeout: 60_000 });
      await picture(name);
    });
  }

  await scenario.visual('The comparison in a narrow window', async () => {
    await page.setViewportSize({ width: 800, height: 900 });
    await card('Alpha').getByText('Chosen').waitFor();
    await picture('narrow');
  });
}

/** An agent whose result is checked with two commands. */
const careful = {
  id: 'careful',
  name: 'Careful',
  version: '1.0.0',
  parent_template: 'task',
  available_tools: ['read', 'write', 'bash'],
  permissions: { allow: ['bash(grep *)', 'bash(test *)'] },
  checks: [{ command: 'grep -q "rate = 2" src/prices.js' }, { command: 'test -e src/prices.test.js' }],
  budget: { usd: 1, rounds: 20 },
  fields: [{ name: 'permission_mode', default: 'edit' }],
};

/** Returns the next round of a model: the second forgets the test, and the third does not end. @param {any} request @param {number} index @param {Promise<unknown>} ends */
async function replyOf({ messages, tools }, index, ends) {
  if (tools === undefined) return { text: 'Rate' };
  const results = messages.filter((/** @type {{role: string}} */ { role }) => role === 'tool').length;
  const write = (/** @type {string} */ path, /** @type {string} */ content) => ({ name: 'write', parameters: { path, content } });
  if (index === 2) await ends;
  if (results === 0) return { calls: [{ name: 'read', parameters: { path: 'src/prices.js' } }] };
  if (results === 1) return { calls: [write('src/prices.js', 'export const rate = 2;\n')] };
  if (index === 0 && results === 2) return { calls: [write('src/prices.test.js', "import './prices.js';\n")] };
  return { calls: [{ name: 'finish', parameters: { summary: 'The rate is two.', files_changed: [], checks: [] } }] };
}

/** @param {string} folder @param {string[]} args */
function git(folder, ...args) {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8' });
}
