// A model reviews the working tree, a second one refutes one finding, and the others are fixed, dismissed, and marked as wrong in the editor.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { notification, pick } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const before = 'export function total(prices) {\n  return prices.reduce((sum, price) => sum + price, 0);\n}\n';
const after = `${before}
export function average(prices) {
  return total(prices) / prices.length;
}

export function cheapest(prices) {
  return prices.sort()[0];
}
`;
const fixed = '  return [...prices].sort((a, b) => a - b)[0];';

const findings = [
  {
    file: 'src/prices.js',
    line: 10,
    severity: 'error',
    title: 'Sorts prices as texts',
    reason: 'sort() without a comparer puts 10 before 9, so cheapest([9, 10]) returns 10. It also changes the array of the caller.',
    fix: { from: 10, to: 10, text: fixed },
  },
  {
    file: 'src/prices.js',
    line: 6,
    severity: 'warning',
    title: 'Divides by zero',
    reason: 'average([]) returns NaN.',
  },
  { file: 'src/prices.js', line: 5, severity: 'note', title: 'Not exported', reason: 'No other file can use it.' },
  {
    file: 'README.md',
    line: 1,
    severity: 'note',
    title: 'Missing heading',
    reason: 'The file begins with [a link](command:workbench.action.quit).',
  },
];

/** @param {any} asked */
function replyOf({ model, messages }) {
  const text = String(messages.at(-1).content);
  return model === 'large-2'
    ? { text: JSON.stringify({ findings }) }
    : { text: JSON.stringify({ stands: !text.includes('Not exported'), reason: 'It is exported.' }) };
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = replyOf;
  const workbench = await scenario.open({
    prepare: (home) => {
      writeLocalServer(home, endpoint, { name: 'Local', model: 'large-2' });
      writeLocalServer(home, endpoint, { name: 'Local small', model: 'small-1' }, 'small');
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "small" }');
      const workspace = join(home, '..', 'workspace');
      mkdirSync(join(workspace, 'src'), { recursive: true });
      writeFileSync(join(workspace, 'src', 'prices.js'), before);
      git(workspace, 'init', '--quiet', '--initial-branch=main');
      git(workspace, 'config', 'user.name', 'Test');
      git(workspace, 'config', 'user.email', 'test@example.org');
      git(workspace, 'add', '--all');
      git(workspace, 'commit', '--quiet', '-m', 'First');
      writeFileSync(join(workspace, 'src', 'prices.js'), after);
      writeFileSync(join(workspace, 'README.md'), 'Prices\n');
    },
  });
  try {
    await runSteps(scenario, workbench);
  } finally {
    await endpoint.stop();
  }
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {import('../runner/workbench.mjs').Workbench} workbench */
async function runSteps(scenario, workbench) {
  const { page } = workbench;
  const source = () => readFileSync(join(workbench.folder, 'workspace', 'src', 'prices.js'), 'utf8');
  const thread = (/** @type {string} */ title) => page.locator('.review-widget').filter({ hasText: title });
  const button = (/** @type {string} */ title, /** @type {string} */ name) => thread(title).getByRole('button', { name });
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `reviewChanges-${name}.png`));
  const review = async () => {
    await workbench.command('Plue: Review Changes of…');
    await pick(workbench, 'Review Changes of…', 'Working Tree');
  };

  await scenario.step('The working tree is reviewed, and the refuted finding is only counted', async () => {
    await workbench.show();
    await workbench.command('Plue: Review Changes of…');
    await page.locator('.quick-input-widget:visible .monaco-list-row').filter({ hasText: 'Pull Request…' }).waitFor();
    await picture('sources');
    await pick(workbench, 'Review Changes of…', 'Working Tree');
    await notification(workbench, /3 findings, 1 refuted/).waitFor({ timeout: 60_000 });
    await thread('Sorts prices as texts').waitFor();
    await thread('Sorts prices as texts').getByText('cheapest([9, 10]) returns 10').waitFor();
    await thread('Divides by zero').waitFor();
    assert.equal(await page.getByText('Not exported').count(), 0);
    await picture('findings');
  });

  await scenario.step('A finding is marked as wrong', async () => {
    await button('Divides by zero', 'Mark Finding as Wrong').click();
    await thread('Divides by zero').waitFor({ state: 'detached' });
    await notification(workbench, 'The finding is counted as a false alarm.').waitFor();
  });

  await scenario.step('A fix is applied as an edit that can be undone', async () => {
    await button('Sorts prices as texts', 'Apply Fix').click();
    await thread('Sorts prices as texts').waitFor({ state: 'detached' });
    assert.ok(source().includes(fixed), source());
    await page.getByRole('button', { name: /1 change in 1 file/ }).waitFor();
    await picture('fixed');
    await page.locator('.codelens-decoration').getByText('Undo', { exact: true }).click();
    await page.getByRole('button', { name: /1 change in 1 file/ }).waitFor({ state: 'hidden' });
    assert.equal(source(), after);
  });

  await scenario.step('The next review shows the rate of false alarms', async () => {
    await review();
    await notification(workbench, /False alarms so far: 50 %/).waitFor({ timeout: 60_000 });
    await picture('rate');
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`The findings of a stored review can be read in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.reload();
      await workbench.command('Plue: Show Review Findings');
      await pick(workbench, 'Show Review Findings', '3 open');
      await thread('Sorts prices as texts').waitFor();
      await picture(bodyClass);
    });
  }
}

/** @param {string} folder @param {string[]} words */
function git(folder, ...words) {
  execFileSync('git', words, { cwd: folder, stdio: 'pipe' });
}
