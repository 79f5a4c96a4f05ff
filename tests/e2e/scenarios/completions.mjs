// Code completions as ghost text, and their status bar item.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { say } from '../../../scripts/lib/progress.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const sum = 'export function sum(a, b) {\n\n}\n';
const delay = 100;

/** User settings. @type {Record<string, unknown>} */
const settings = {
  'files.autoSave': 'off',
  'editor.minimap.enabled': false,
  'editor.accessibilitySupport': 'off',
  'editor.quickSuggestions': { other: 'off' },
  'plue.completions.delay': delay,
};

/** @type {NonNullable<import('../runner/workbench.mjs').WorkbenchOptions['theme']>[]} */
const themes = ['Dark Modern', 'Light Modern', 'Default High Contrast'];

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.models = ['coder-1', 'text-embedding-1'];
  const workbench = await scenario.open({
    settings,
    prepare: (home) => {
      writeLocalServer(home, endpoint, { model_prices: { 'coder-1': { input: 10, output: 10 } } });
      const workspace = join(dirname(home), 'workspace');
      mkdirSync(workspace, { recursive: true });
      writeFileSync(join(workspace, 'sum.js'), sum);
      writeFileSync(join(workspace, '.env'), 'KEY=\n');
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
  const path = (/** @type {string} */ name) => join(workbench.folder, 'workspace', name);
  const ghost = () => page.locator('.editor-instance .ghost-text-decoration, .editor-instance .ghost-text');
  const lines = () => page.locator('.editor-instance .view-line');
  const status = (/** @type {RegExp} */ name) =>
    page.locator('#plue\\.plue-vscode\\.plue\\.completions, [id$="plue.completions"]').getByRole('button', { name });
  const row = (/** @type {string} */ label) => page.locator('.quick-input-list .monaco-list-row').filter({ hasText: label });
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `completions-${name}.png`));
  const open = async (/** @type {string} */ name) => {
    await page.getByRole('treeitem', { name, exact: true }).dblclick();
    await page.locator('.tab.active', { hasText: name }).waitFor();
    await page.locator('.editor-instance .monaco-editor.focused').waitFor();
  };
  const toLine = async (/** @type {number} */ line) => {
    await page.keyboard.press('Control+Home');
    for (let at = 1; at < line; at++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('End');
  };
  const saved = async () => {
    await page.keyboard.press('Control+s');
    await page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
    return readFileSync(path('sum.js'), 'utf8');
  };
  const menu = async (/** @type {RegExp} */ name, /** @type {string} */ label) => {
    await status(name).click();
    await row(label).first().click();
  };

  await scenario.step('Nothing is shown and nothing is sent before a model is chosen', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await open('sum.js');
    await toLine(2);
    await page.keyboard.type('  let a');
    // A request would be sent within this time.
    await page.waitForTimeout(3 * delay);
    await page.keyboard.press('Shift+Home');
    await page.keyboard.press('Shift+Home');
    await page.keyboard.press('Delete');
    assert.equal(await status(/./).count(), 0);
    assert.deepEqual(endpoint.completed, []);
  });

  await scenario.step('The picker lists the models that may complete code, and tries the chosen one', async () => {
    endpoint.completion = 'a + b';
    await workbench.command('Plue: Choose Completion Model…');
    await row('coder-1').waitFor();
    assert.equal(await row('text-embedding-1').count(), 0);
    await picture('picker');
    await row('coder-1').click();
    await status(/Code completions are on/).waitFor();
    assert.equal(endpoint.completed.length, 1);
  });

  await scenario.step('Ghost text appears after a pause in typing, and Tab accepts it', async () => {
    endpoint.completed = [];
    endpoint.completion = 'turn a + b;';
    await page.locator('.editor-instance .view-lines').click();
    await toLine(2);
    await page.keyboard.type('  re');
    await ghost().first().waitFor();
    await picture('ghostText');
    const asked = endpoint.completed.at(-1);
    assert.equal(asked.model, 'coder-1');
    assert.equal(asked.prompt, 'export function sum(a, b) {\n  re');
    assert.equal(asked.suffix, '\n}\n');
    await page.keyboard.press('Tab');
    assert.equal(await saved(), 'export function sum(a, b) {\n  return a + b;\n}\n');
  });

  await scenario.step('Typing along the ghost text sends nothing', async () => {
    endpoint.completion = '* 2;';
    await toLine(2);
    await page.keyboard.press('Backspace');
    await page.keyboard.type(' ');
    await ghost().first().waitFor();
    endpoint.completed = [];
    await page.keyboard.type('* 2');
    // A request would be sent within this time.
    await page.waitForTimeout(3 * delay);
    assert.deepEqual(endpoint.completed, []);
  });

  await scenario.step('Escape hides it', async () => {
    await ghost().first().waitFor();
    await page.keyboard.press('Escape');
    await ghost().first().waitFor({ state: 'detached' });
    assert.match(await saved(), /return a \+ b \* 2\n/);
  });

  await scenario.step('A completion may have several lines at the end of a line', async () => {
    endpoint.completion = 'if (a > b) {\n    return a;\n  }';
    await page.keyboard.press('Enter');
    await page.keyboard.type('// larger');
    await page.keyboard.press('Enter');
    await ghost().first().waitFor();
    await picture('lines');
    await page.keyboard.press('Tab');
    await lines().filter({ hasText: 'if (a > b) {' }).waitFor();
    assert.match(await saved(), /\/\/ larger\n {2}if \(a > b\) \{\n {4}return a;\n {2}\}\n\}\n$/);
  });

  await scenario.step('With the list of suggestions open, ghost text continues the selected one', async () => {
    endpoint.completion = 'Number = 1;';
    await toLine(1);
    await page.keyboard.press('Enter');
    await page.keyboard.type('lar');
    await page.keyboard.press('Escape');
    endpoint.completed = [];
    await page.keyboard.press('Control+Space');
    await page.locator('.suggest-widget .monaco-list-row.focused', { hasText: 'larger' }).waitFor();
    await workbench.until(async () => endpoint.completed.some(({ prompt }) => prompt.endsWith(' larger')));
    await lines().filter({ hasText: 'largerNumber' }).waitFor();
    await picture('suggestions');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Shift+Home');
    await page.keyboard.press('Shift+Home');
    await page.keyboard.press('Delete');
    await page.keyboard.press('Backspace');
  });

  await scenario.step('A protected file is not sent, and the status bar shows why', async () => {
    endpoint.completed = [];
    await open('.env');
    await page.keyboard.press('Control+End');
    await page.keyboard.type('A');
    await status(/Code completions are off for this file/).waitFor();
    assert.doesNotMatch(JSON.stringify(endpoint.completed), /KEY/);
    await status(/./).hover();
    await page.locator('.monaco-hover').filter({ hasText: 'contains keys or credentials' }).waitFor();
    await page.keyboard.press('Control+z');
    await page.locator('.tab', { hasText: 'sum.js' }).click();
    await status(/Code completions are on/).waitFor();
  });

  await scenario.step('A failure shows in the status bar alone, and Resume continues', async () => {
    endpoint.manner = 'refuses';
    endpoint.refusal = 'The model coder-1 cannot insert.';
    await page.locator('.editor-instance .view-lines').click();
    await toLine(1);
    await page.keyboard.press('Enter');
    await page.keyboard.type('  let c');
    await status(/Code completions are paused after an error/).waitFor();
    await status(/./).hover();
    await page.locator('.monaco-hover').filter({ hasText: 'The model coder-1 cannot insert' }).waitFor();
    await picture('paused');
    assert.equal(await page.locator('.notifications-toasts .notification-list-item').count(), 0);
    endpoint.manner = 'answers';
    endpoint.completion = ' = a;';
    await menu(/paused/, 'Resume');
    await status(/Code completions are on/).waitFor();
    await page.locator('.editor-instance .view-lines').click();
    await toLine(2);
    await page.keyboard.type('d');
    await ghost().first().waitFor();
    await page.keyboard.press('Escape');
  });

  await scenario.step('Snoozed and switched off in the status bar, it sends nothing', async () => {
    await status(/./).click();
    await row('Snooze for 5 Minutes').waitFor();
    await picture('menu');
    await row('Snooze for 5 Minutes').click();
    await status(/Code completions are snoozed until/).waitFor();
    await menu(/snoozed/, 'Turn Off');
    await status(/Code completions are off$/).waitFor();
    endpoint.completed = [];
    await page.locator('.editor-instance .view-lines').click();
    await toLine(2);
    await page.keyboard.type('e');
    // A request would be sent within this time.
    await page.waitForTimeout(3 * delay);
    assert.deepEqual(endpoint.completed, []);
    assert.equal(await ghost().count(), 0);
  });

  await scenario.step('Their cost is in the usage and in the tooltip', async () => {
    await menu(/off$/, 'Turn On');
    await status(/Code completions are on/).waitFor();
    await status(/./).hover();
    await page
      .locator('.monaco-hover')
      .filter({ hasText: /Cost today: \$0\.00\d/ })
      .waitFor();
    await picture('tooltip');
    await workbench.command('Plue: Show Usage');
    await workbench.chat.getByText('Code completions', { exact: true }).first().waitFor();
    await page.keyboard.press('Control+F4');
  });

  await scenario.look('The time from a key to its ghost text', async () => {
    await page.locator('.tab', { hasText: 'sum.js' }).click();
    await page.locator('.editor-instance .view-lines').click();
    const times = [];
    for (let at = 0; at < 10; at++) {
      endpoint.completion = `${at};`;
      await toLine(2);
      const begun = Date.now();
      await page.keyboard.type('=');
      await ghost().first().waitFor();
      times.push(Date.now() - begun);
      await page.keyboard.press('Escape');
      await ghost().first().waitFor({ state: 'detached' });
    }
    times.sort((one, other) => one - other);
    say(`  Key to ghost text: ${times.join(', ')} ms, of which ${delay} ms are the delay.`);
  });

  // Changing the theme overwrites the user's settings.
  Object.assign(settings, { 'plue.completions.enabled': true, 'plue.completions.model': 'house/coder-1' });
  for (const theme of themes)
    await scenario.visual(`Ghost text and the status bar in ${theme}`, async () => {
      workbench.setTheme(theme);
      await workbench.show();
      await status(/Code completions are on/).waitFor({ timeout: 60_000 });
      await page.locator('.tab', { hasText: 'sum.js' }).click();
      await page.locator('.editor-instance .view-lines').click();
      endpoint.completion = 'const larger = Math.max(a, b);';
      await toLine(1);
      await page.keyboard.press('Enter');
      await ghost().first().waitFor();
      await picture(`theme-${theme.split(' ')[0]}`);
      await page.keyboard.press('Control+z');
    });
}
