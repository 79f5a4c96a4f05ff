// Inline edits of code, and help with problems and commits.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts, inRoot } from '../../../scripts/lib/paths.mjs';
import { say } from '../../../scripts/lib/progress.mjs';
import { untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const sum = `export function sum(a, b) {
  const total = a + b;
  return total;
}

export function product(a, b) {
  const total = a * b;
  return total;
}
`;

const shorter = `export function sum(...values) {
  // Also of one number, or of none.
  return values.reduce((total, value) => total + value, 0);
}`;

/** @type {NonNullable<import('../runner/workbench.mjs').WorkbenchOptions['theme']>[]} */
const themes = ['Dark Modern', 'Light Modern', 'Default High Contrast'];

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  const workbench = await scenario.open({
    settings: {
      'files.autoSave': 'off',
      'editor.minimap.enabled': false,
      'editor.accessibilitySupport': 'off',
      'testing.automaticallyOpenPeekView': 'never',
      // The server has the extension without its language service.
      'typescript.tsdk': inRoot('node_modules', 'typescript', 'lib'),
    },
    extensions: writeTests,
    prepare: (home) => {
      writeLocalServer(home, endpoint, { catalog_provider: 'openai', model: 'gpt-5-mini' });
      plant(join(dirname(home), 'workspace'));
    },
  });
  try {
    await runSteps(scenario, workbench, endpoint);
  } finally {
    await endpoint.stop();
  }
}

/** Tests that fail with one message and with two. */
const tests = `
const vscode = require('vscode');
exports.activate = (context) => {
  const controller = vscode.tests.createTestController('acme', 'Acme Tests');
  const file = vscode.Uri.joinPath(vscode.workspace.workspaceFolders[0].uri, 'sum.js');
  const sum = controller.createTestItem('sum', 'sum adds', file);
  sum.range = new vscode.Range(0, 0, 3, 1);
  const product = controller.createTestItem('product', 'product multiplies', file);
  product.range = new vscode.Range(5, 0, 8, 1);
  controller.items.replace([sum, product]);
  const profile = controller.createRunProfile('Run', vscode.TestRunProfileKind.Run, (request) => {
    const run = controller.createTestRun(request);
    const message = vscode.TestMessage.diff('The sum of 1 and 2 is wrong', '3', '4');
    message.location = new vscode.Location(file, new vscode.Position(1, 0));
    run.failed(sum, [message, new vscode.TestMessage('The sum of 2 and 2 is wrong')]);
    run.failed(product, new vscode.TestMessage('The product of 2 and 3 is wrong'));
    run.end();
  }, true);
  context.subscriptions.push(controller, profile);
};
`;

/** @param {string} folder */
function writeTests(folder) {
  const own = join(folder, 'acme.tests-1.0.0');
  const manifest = {
    publisher: 'acme',
    name: 'tests',
    displayName: 'Acme Tests',
    version: '1.0.0',
    engines: { vscode: '^1.106.0' },
    activationEvents: ['onStartupFinished'],
    main: './main.js',
  };
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'main.js'), tests);
  writeFileSync(join(own, 'package.json'), JSON.stringify(manifest));
}

/** @param {string} workspace @param {string[]} args */
function git(workspace, ...args) {
  return execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', ...args], { cwd: workspace });
}

/** @param {string} workspace */
function plant(workspace) {
  mkdirSync(workspace, { recursive: true });
  writeFileSync(join(workspace, 'sum.js'), sum);
  writeFileSync(join(workspace, 'data.json'), '{\n  "name": "sum"\n  "size": 2\n}\n');
  git(workspace, 'init', '-q', '-b', 'main');
  git(workspace, 'add', 'sum.js');
  git(workspace, 'commit', '-q', '-m', 'feat: add a sum');
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {ScriptedEndpoint} endpoint
 */
async function runSteps(scenario, workbench, endpoint) {
  const { page } = workbench;
  const path = (/** @type {string} */ name) => join(workbench.folder, 'workspace', name);
  const lines = () => page.locator('.editor-instance .view-line');
  const lens = (/** @type {string} */ title) => page.locator('.contentWidgets .codelens-decoration a').filter({ hasText: title });
  const input = () => page.locator('.quick-input-widget input');
  const asked = () => endpoint.asked.at(-1)?.messages.at(-1)?.content;
  const code = (/** @type {string[]} */ ...blocks) => blocks.map((block) => `\`\`\`js\n${block}\n\`\`\``).join('\n\n');
  const saved = async () => {
    await page.keyboard.press('Control+s');
    await page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
    // VS Code also writes a file without changes, and empties it before that.
    await workbench.until(async () => readFileSync(path('sum.js'), 'utf8') !== '');
    return readFileSync(path('sum.js'), 'utf8');
  };
  const isDirty = () => page.locator('.tab.active.dirty').count();
  const selectLines = async (/** @type {number} */ count) => {
    await page.keyboard.press('Control+Home');
    for (let line = 0; line < count; line++) await page.keyboard.press('Shift+ArrowDown');
  };
  const instruct = async (/** @type {string} */ instruction) => {
    await page.keyboard.press('Control+k');
    await page.keyboard.press('Control+e');
    await input().waitFor();
    await input().fill(instruction);
    await page.keyboard.press('Enter');
  };
  const open = async (/** @type {string} */ name) => {
    await page.getByRole('treeitem', { name, exact: true }).dblclick();
    await page.locator('.tab.active', { hasText: name }).waitFor();
    await page.locator('.editor-instance .monaco-editor.focused').waitFor();
  };
  const question = (/** @type {string} */ words) =>
    workbench.chat.getByRole('article', { name: 'Your message' }).filter({ hasText: words });
  const responded = async (/** @type {string} */ words) => {
    await workbench.chat
      .getByRole('article', { name: /^Response/ })
      .filter({ hasText: words })
      .last()
      .waitFor();
    await untilFinished(workbench);
  };
  /** A row of Test Results, and its button. */
  const testAction = async (/** @type {string} */ message, /** @type {string} */ title) => {
    const row = page.locator('.test-output-peek-tree .monaco-list-row', { hasText: message });
    await row.hover();
    await row.getByRole('button', { name: title }).click();
  };
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `inlineEdit-${name}.png`));

  await scenario.step('An instruction streams its change into the selected lines', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await open('sum.js');
    await selectLines(4);
    endpoint.text = code(shorter);
    endpoint.manner = 'answers slowly';
    await instruct('Sum any number of values');
    await lines().filter({ hasText: 'sum(...values)' }).waitFor();
    // The remaining old lines are still below.
    assert.equal(await lines().filter({ hasText: 'return total;' }).count(), 2);
    await picture('streaming');
    await lens('Accept (Tab)').waitFor({ timeout: 60_000 });
    await workbench.until(async () => (await lines().filter({ hasText: 'return total;' }).count()) === 1);
    assert.match(asked(), /^Sum any number of values\n\nSelection: `sum.js`, lines 1 to 4/);
    await picture('review');
  });

  await scenario.step('Tab accepts it', async () => {
    await page.keyboard.press('Tab');
    await lens('Accept').waitFor({ state: 'detached' });
    assert.equal(await saved(), sum.replace(/^[^]*?\n}/, shorter));
  });

  await scenario.step('One undo restores all lines', async () => {
    await page.keyboard.press('Control+z');
    await lines().filter({ hasText: 'sum(a, b)' }).waitFor();
    assert.equal(await saved(), sum);
  });

  await scenario.step('Escape rejects a change, and the file has no unsaved changes', async () => {
    endpoint.manner = 'answers';
    await selectLines(4);
    await instruct('Sum any number of values');
    await lens('Reject (Esc)').waitFor();
    assert.equal(await isDirty(), 1);
    await page.keyboard.press('Escape');
    await lens('Reject').waitFor({ state: 'detached' });
    await lines().filter({ hasText: 'sum(a, b)' }).waitFor();
    await page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
  });

  await scenario.step('Escape stops a response in progress', async () => {
    endpoint.manner = 'never ends its answer';
    await selectLines(4);
    await instruct('Sum any number of values');
    await lines().filter({ hasText: 'sum(...values)' }).waitFor();
    await page.keyboard.press('Escape');
    await lines().filter({ hasText: 'sum(a, b)' }).waitFor();
    await page.getByRole('button', { name: /Editing/ }).waitFor({ state: 'detached' });
    await page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
    assert.equal(readFileSync(path('sum.js'), 'utf8'), sum);
  });

  await scenario.step('Escape leaves no unsaved changes if the cursor moved while the response streamed', async () => {
    endpoint.manner = 'answers slowly';
    await selectLines(4);
    await instruct('Sum any number of values');
    await lines().filter({ hasText: 'sum(...values)' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await lines().filter({ hasText: 'Also of one number' }).waitFor();
    await page.keyboard.press('Escape');
    await lines().filter({ hasText: 'sum(a, b)' }).waitFor();
    await page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
    assert.equal(readFileSync(path('sum.js'), 'utf8'), sum);
    endpoint.manner = 'answers';
  });

  await scenario.step('Undo stops a response in progress', async () => {
    endpoint.manner = 'never ends its answer';
    await selectLines(4);
    await instruct('Sum any number of values');
    await lines().filter({ hasText: 'sum(...values)' }).waitFor();
    await page.keyboard.press('Control+z');
    await lines().filter({ hasText: 'sum(...values)' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: /Editing/ }).waitFor({ state: 'detached' });
    assert.equal(await saved(), sum);
  });

  await scenario.step('Text that the user types into the lines stops the response and stays', async () => {
    endpoint.manner = 'never ends its answer';
    await selectLines(4);
    await instruct('Sum any number of values');
    await lines().filter({ hasText: 'sum(...values)' }).waitFor();
    await lines().filter({ hasText: 'sum(...values)' }).click();
    await page.keyboard.press('End');
    await page.keyboard.type(' // mine');
    await page.getByText('The inline edit stopped because you changed its lines').first().waitFor();
    await lines().filter({ hasText: 'sum(...values) { // mine' }).waitFor();
    endpoint.manner = 'answers';
    await page.keyboard.press('Escape');
    await lines().filter({ hasText: 'sum(a, b)' }).waitFor();
    assert.equal(await saved(), sum);
  });

  await scenario.step('Several selections change together', async () => {
    endpoint.text = code('  const total = Number(a) + Number(b);', '  const total = Number(a) * Number(b);');
    await lines().filter({ hasText: 'a + b' }).click();
    await lines()
      .filter({ hasText: 'a * b' })
      .click({ modifiers: ['Alt'] });
    await instruct('Accept numeric strings');
    await lens('Accept All (Tab)').waitFor();
    await picture('selections');
    assert.match(asked(), /Selection 1: `sum.js`, line 2\n[^]*Selection 2: `sum.js`, line 7\n/);
    await page.keyboard.press('Tab');
    await lens('Accept').waitFor({ state: 'detached' });
    assert.equal(await saved(), sum.replace('a + b', 'Number(a) + Number(b)').replace('a * b', 'Number(a) * Number(b)'));
    await page.keyboard.press('Control+z');
    assert.equal(await saved(), sum);
  });

  await scenario.step('A follow-up changes the result, and Reject restores the text before both', async () => {
    await page.keyboard.press('Escape');
    await selectLines(4);
    endpoint.text = code(shorter);
    await instruct('Sum any number of values');
    await lens('Follow Up…').click();
    endpoint.text = code(shorter.replace('  // Also of one number, or of none.\n', ''));
    await input().fill('Without the comment');
    await page.keyboard.press('Enter');
    await lines().filter({ hasText: 'Also of one number' }).waitFor({ state: 'detached' });
    await lens('Reject (Esc)').click();
    await lines().filter({ hasText: 'sum(a, b)' }).waitFor();
    assert.equal(await saved(), sum);
  });

  await scenario.step('Retry replaces the change with another one', async () => {
    await selectLines(4);
    endpoint.text = code(shorter);
    await instruct('Sum any number of values');
    // The actions of the edit before may still be shown.
    await page.getByRole('button', { name: /Accept Edit/ }).waitFor();
    await lens('Retry').waitFor();
    endpoint.text = code(shorter.replace('...values', '...numbers'));
    await lens('Retry').click();
    await lines().filter({ hasText: 'sum(...numbers)' }).waitFor();
    // The actions above the lines appear later.
    await page.getByRole('button', { name: /Accept Edit/ }).waitFor();
    await lines().filter({ hasText: 'sum(...numbers)' }).click();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Control+z');
    await lines().filter({ hasText: 'sum(a, b)' }).waitFor();
    assert.equal(await saved(), sum);
  });

  await scenario.step('A response without code changes nothing and can be continued in a chat', async () => {
    endpoint.text = 'There is nothing to change here.';
    await selectLines(4);
    await instruct('What is this?');
    await page.getByText('The model responded: There is nothing to change here.').first().waitFor();
    assert.equal(await isDirty(), 0);
    await page.getByRole('dialog').getByRole('button', { name: 'Continue in Chat' }).click();
    await workbench.chat.getByRole('article', { name: 'Your message' }).filter({ hasText: 'What is this?' }).waitFor();
    await page.locator('.tab', { hasText: 'sum.js' }).click();
  });

  await scenario.step('A provider that refuses is one message, and the text is as it was', async () => {
    endpoint.manner = 'refuses';
    endpoint.refusal = 'The model small-1 is retired.';
    await page.locator('.editor-instance .view-lines').click();
    await selectLines(4);
    await instruct('Sum any number of values');
    await page.getByText('The model small-1 is retired').first().waitFor();
    assert.equal(await isDirty(), 0);
    assert.equal(await lens('Accept').count(), 0);
    endpoint.manner = 'answers';
  });

  await scenario.step('The hover of a problem offers to fix it', async () => {
    await open('data.json');
    await page.locator('.squiggly-error').first().waitFor({ timeout: 60_000 });
    await lines().filter({ hasText: '"size"' }).locator('span', { hasText: '"size"' }).last().hover();
    const hover = page.locator('.monaco-hover').filter({ hasText: 'Fix with Plue' });
    await hover.getByText('Explain with Plue').waitFor();
    await picture('hover');
    await page.keyboard.press('Escape');
  });

  await scenario.step('The Problems panel offers to fix a problem', async () => {
    endpoint.text = '```json\n{\n  "name": "sum",\n  "size": 2\n}\n```';
    await workbench.command('View: Toggle Problems');
    const problem = page.locator('.markers-panel .monaco-list-row', { hasText: 'Expected comma' });
    await problem.click();
    await page.keyboard.press('Control+.');
    const fix = page.getByRole('menuitem', { name: 'Fix with Plue' });
    await fix.waitFor();
    await picture('problems');
    await fix.click();
    await lens('Reject (Esc)').waitFor();
    assert.match(asked(), /^Fix this problem in line 3: Expected comma/);
    await lens('Reject (Esc)').click();
    await lens('Reject').waitFor({ state: 'detached' });
    await page.locator('.tab.active.dirty').waitFor({ state: 'detached' });
    await workbench.command('View: Hide Panel');
  });

  await scenario.step('The quick fix of a problem rewrites its lines', async () => {
    endpoint.text = '```json\n{\n  "name": "sum",\n  "size": 2\n}\n```';
    await lines().filter({ hasText: '"size"' }).click();
    await page.keyboard.press('Home');
    await page.keyboard.press('Control+.');
    const fix = page.locator('.action-widget').getByText('Fix with Plue');
    await fix.waitFor();
    await picture('quickFix');
    await fix.click();
    await lens('Accept (Tab)').waitFor();
    assert.match(asked(), /^Fix this problem in line 3: Expected comma/);
    await page.keyboard.press('Tab');
    await page.locator('.squiggly-error').waitFor({ state: 'detached' });
    await page.keyboard.press('Control+s');
  });

  await scenario.step('A commit message is written into the box, in the style of the latest ones', async () => {
    endpoint.text = 'feat: describe the data';
    await page.keyboard.press('Control+Shift+g');
    const box = page.locator('.scm-view .scm-input');
    await box.waitFor({ timeout: 60_000 });
    await page.locator('.scm-view .resource', { hasText: 'data.json' }).waitFor({ timeout: 60_000 });
    await box.hover();
    await page.getByRole('button', { name: 'Generate Commit Message with Plue' }).first().click();
    await box.locator('.view-line', { hasText: 'feat: describe the data' }).waitFor();
    assert.match(asked(), /New files:\n- data.json/);
    assert.match(asked(), /feat: add a sum/);
    await picture('commitMessage');
  });

  await scenario.step('Stop replaces Generate while a message is written, and leaves the box as it was', async () => {
    await page.locator('.scm-view .scm-input .view-line', { hasText: 'feat: describe the data' }).click();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    endpoint.manner = 'never ends its answer';
    await page.getByRole('button', { name: 'Generate Commit Message with Plue' }).first().click();
    await page.getByRole('button', { name: 'Stop Generating Commit Message' }).click();
    await page.getByRole('button', { name: 'Generate Commit Message with Plue', exact: true }).first().waitFor();
    endpoint.manner = 'answers';
    await page.getByRole('button', { name: 'Generate Commit Message with Plue', exact: true }).first().click();
    await page.locator('.scm-view .scm-input .view-line', { hasText: 'feat: describe the data' }).waitFor();
  });

  await scenario.step('A message in the box is not replaced without a question', async () => {
    endpoint.text = 'feat: another';
    await page.getByRole('button', { name: 'Generate Commit Message with Plue' }).first().click();
    const dialog = page.locator('.monaco-dialog-box').filter({ hasText: 'Replace the commit message' });
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.locator('.scm-view .scm-input .view-line', { hasText: 'feat: describe the data' }).waitFor();
  });

  await scenario.step('Selected lines are explained in a chat', async () => {
    await page.keyboard.press('Control+Shift+e');
    await open('sum.js');
    await selectLines(4);
    endpoint.text = 'It adds two numbers.';
    await workbench.command('Plue: Explain Code');
    await question('Explain this code.').getByText('sum.js').first().waitFor();
    await responded('It adds two numbers.');
    assert.match(JSON.stringify(endpoint.asked.at(-1)), /const total = a \+ b;/);
  });

  await scenario.step('Without a selection, the function at the cursor has the same actions', async () => {
    await lines().filter({ hasText: 'a + b' }).click();
    await page.locator('.breadcrumbs-control .monaco-breadcrumb-item').filter({ hasText: /^sum$/ }).waitFor({ timeout: 60_000 });
    await page.keyboard.press('Control+.');
    const actions = page.locator('.action-widget');
    await actions.getByText('Generate Tests with Plue').waitFor();
    await actions.getByText('Explain with Plue').waitFor();
    assert.equal(await actions.getByText('Edit with Plue…').count(), 0);
    await picture('symbol');
    endpoint.text = code(`/** Adds two numbers. */\n${sum.slice(0, sum.indexOf('\n}') + 2)}`);
    await actions.getByText('Document with Plue').click();
    await lens('Accept (Tab)').waitFor();
    assert.match(asked(), /^Add documentation comments[^]*Selection: `sum.js`, lines 1 to 4\n/);
    await page.keyboard.press('Tab');
    await lens('Accept').waitFor({ state: 'detached' });
    assert.equal(await saved(), `/** Adds two numbers. */\n${sum}`);
    await page.keyboard.press('Control+z');
    assert.equal(await saved(), sum);
  });

  await scenario.step('Generate Tests by the palette sends the function at the cursor, not the file', async () => {
    await lines().filter({ hasText: 'a * b' }).click();
    endpoint.text = 'These are the tests.';
    await workbench.command('Plue: Generate Tests');
    await question('Write tests for this code')
      .getByRole('button', { name: /sum\.js.*lines 6–9/ })
      .waitFor();
    await responded('These are the tests.');
    assert.match(asked(), /const total = a \* b;/);
    assert.doesNotMatch(asked(), /const total = a \+ b;/);
  });

  await scenario.step('A failed test is explained or fixed with its message', async () => {
    await workbench.command('Test: Run All Tests');
    await workbench.command('Test Results: Focus on Test Results View');
    endpoint.text = 'One and two are added twice.';
    await testAction('The sum of 1 and 2 is wrong', 'Explain with Plue');
    await question('The test “sum adds” fails. Explain why.').getByText('sum.js').first().waitFor();
    await responded('One and two are added twice.');
    assert.match(asked(), /The sum of 1 and 2 is wrong\n\nExpected:\n3\n\nActual:\n4/);
    await picture('failedTest');
    endpoint.text = 'It is fixed.';
    await testAction('The sum of 1 and 2 is wrong', 'Fix with Plue');
    await question('The test “sum adds” fails. Find the cause and fix it.').waitFor();
    await responded('It is fixed.');
    // VS Code shows a test and its only message in one line.
    endpoint.text = 'It is fixed too.';
    await testAction('The product of 2 and 3 is wrong', 'Fix with Plue');
    await question('The test “product multiplies” fails. Find the cause and fix it.').waitFor();
    await responded('It is fixed too.');
    await workbench.command('View: Hide Panel');
  });

  await scenario.step('Merge conflicts open a chat with their files', async () => {
    const workspace = path('');
    const commit = (/** @type {string} */ text) => {
      writeFileSync(path('notes.txt'), text);
      git(workspace, 'add', 'notes.txt');
      git(workspace, 'commit', '-q', '-m', `docs: ${text}`);
    };
    commit('Add two numbers');
    git(workspace, 'checkout', '-q', '-b', 'topic', 'main');
    // VS Code takes only a branch of a remote as the base of another.
    git(workspace, 'update-ref', 'refs/remotes/origin/main', 'main');
    git(workspace, 'config', 'branch.topic.vscode-merge-base', 'origin/main');
    commit('Add any number of values');
    git(workspace, 'checkout', '-q', 'main');
    commit('Add and multiply two numbers');
    assert.throws(() => git(workspace, 'merge', '-q', 'topic'));
    await page.keyboard.press('Control+Shift+g');
    await page.locator('.scm-view .resource-group', { hasText: 'Merge Changes' }).waitFor({ timeout: 60_000 });
    endpoint.text = 'Both sides add.';
    await workbench.command('Plue: Resolve Merge Conflicts in Plue Chat');
    await question('Resolve the merge conflicts').getByText('notes.txt').first().waitFor();
    await responded('Both sides add.');
    assert.match(asked(), /<<<<<<< HEAD\nAdd and multiply two numbers\n=+\nAdd any number of values\n>>>>>>> topic/);
    git(workspace, 'merge', '--abort');
  });

  await scenario.step('The summary of a pull request has the commits of the branch', async () => {
    git(path(''), 'checkout', '-q', 'topic');
    await page.getByRole('button', { name: /topic/ }).first().waitFor({ timeout: 60_000 });
    endpoint.text = '# Add any number of values';
    await workbench.command('Plue: Summarize Pull Request with Plue');
    await lines().filter({ hasText: '# Add any number of values' }).waitFor();
    assert.match(asked(), /^Write the pull request summary for the branch `topic`/);
    assert.match(asked(), /-Add two numbers[^]*\+Add any number of values/);
    assert.match(asked(), /docs: Add any number of values/);
    assert.doesNotMatch(asked(), /multiply/);
    await workbench.command('View: Revert and Close Editor');
  });

  await scenario.step('A failed command of the terminal is explained and fixed with its output', async () => {
    endpoint.text = 'The folder does not exist.';
    await workbench.command('Terminal: Create New Terminal');
    await page.locator('.terminal.xterm').waitFor({ timeout: 60_000 });
    await page.locator('.terminal-command-decoration').first().waitFor({ timeout: 60_000 });
    await page.locator('.terminal.xterm').click();
    await page.locator('.terminal.xterm.focus').waitFor();
    await page.keyboard.type('ls /no-such-folder');
    await page.keyboard.press('Enter');
    const item = page.getByRole('button', { name: /Explain Failure/ });
    await item.waitFor({ timeout: 30_000 });
    await picture('terminal');
    await item.click();
    await workbench.chat.getByRole('article', { name: 'Your message' }).filter({ hasText: 'no-such-folder' }).last().waitFor();
    await workbench.until(async () => /Exit code: 2[^]*No such file or directory/.test(asked()));
    await responded('The folder does not exist.');
    endpoint.text = 'The folder is there now.';
    await workbench.command('Plue: Fix Failed Command with Plue');
    await question('Find out why this command failed, and fix the cause.').waitFor();
    await responded('The folder is there now.');
    assert.match(asked(), /no-such-folder[^]*Exit code: 2[^]*No such file or directory/);
  });

  await scenario.step('The usage names both', async () => {
    await workbench.command('Plue: Show Usage');
    await workbench.chat.getByText('Inline edit', { exact: true }).first().waitFor();
    await workbench.chat.getByText('Commit message', { exact: true }).first().waitFor();
  });

  await scenario.look('The time of the first line is in the log', async () => {
    const times = [...workbench.recentLog().matchAll(/first line (\d+) ms after/g)].map((match) => Number(match[1]));
    assert.ok(times.length > 0);
    say(`  First line after the first text: ${times.join(', ')} ms.`);
  });

  for (const theme of themes)
    await scenario.visual(`A change can be read in ${theme}`, async () => {
      workbench.setTheme(theme);
      await workbench.show();
      await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
      await workbench.command('View: Close All Editor Groups');
      await page.keyboard.press('Control+Shift+e');
      await open('sum.js');
      await selectLines(9);
      endpoint.text = code(sum.replace(/^[^]*?\n}/, shorter).trimEnd());
      await instruct('Sum any number of values');
      await lens('Accept (Tab)').waitFor();
      await picture(`theme-${theme.split(' ')[0]}`);
      await page.keyboard.press('Escape');
      await lens('Accept').waitFor({ state: 'detached' });
    });
}
