// An agent works on a notebook in the editor: it reads unsaved cells, edits cells visibly, and runs a cell after approval.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { ask, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint, scriptedRounds } from '../runner/scriptedEndpoint.mjs';

const path = 'figures.ipynb';
const call = (/** @type {string} */ name, /** @type {object} */ parameters) => ({ calls: [{ name, parameters: { path, ...parameters } }] });

/** @type {Record<string, import('../runner/scriptedEndpoint.mjs').Reply[]>} */
const script = {
  'Read the cells': [call('read', {}), { text: 'I have read them.' }],
  'Change the second': [call('edit_cell', { cell: 2, source: 'total = 40 + 2\n' }), { text: 'It adds up now.' }],
  'Add a heading': [
    call('read', {}),
    call('edit_cell', { cell: 2, action: 'insert', kind: 'markdown', source: '## Sum' }),
    { text: 'There is a heading.' },
  ],
  'Run it': [call('run_cell', { cell: 3 }), { text: 'The cell ran.' }],
  'Clean up the file': [call('read', {}), call('edit_cell', { cell: 2, action: 'delete' }), { text: 'The heading is gone.' }],
};

const code = `
const vscode = require('vscode');
exports.activate = (context) => {
  const controller = vscode.notebooks.createNotebookController('acme', 'jupyter-notebook', 'Acme');
  controller.supportedLanguages = ['python'];
  controller.executeHandler = async (cells) => {
    for (const cell of cells) {
      const execution = controller.createNotebookCellExecution(cell);
      execution.start(Date.now());
      const text = vscode.NotebookCellOutputItem.stdout('Ran ' + cell.document.getText());
      await execution.replaceOutput([new vscode.NotebookCellOutput([text])]);
      execution.end(true, Date.now());
    }
  };
  context.subscriptions.push(controller);
};
`;

/** @param {string} folder */
function writeKernel(folder) {
  const own = join(folder, 'acme.kernel-1.0.0');
  const manifest = {
    publisher: 'acme',
    name: 'kernel',
    version: '1.0.0',
    engines: { vscode: '^1.106.0' },
    main: './main.js',
    activationEvents: ['onNotebook:jupyter-notebook'],
  };
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'main.js'), code);
  writeFileSync(join(own, 'package.json'), JSON.stringify(manifest));
}

const cells = [
  { cell_type: 'markdown', id: 'aaaa1111', metadata: {}, source: ['# Figures'] },
  { cell_type: 'code', execution_count: null, id: 'bbbb2222', metadata: {}, outputs: [], source: ['total = 1'] },
];
const notebook = `${JSON.stringify({ cells, metadata: { language_info: { name: 'python' } }, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = scriptedRounds(script, 'Figures');
  const workbench = await scenario.open({
    settings: { 'files.autoSave': 'off', 'plue.chat.location': 'sideBar' },
    extensions: writeKernel,
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
      writeFileSync(join(dirname(home), 'workspace', path), notebook);
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
  const { page, chat } = workbench;
  const onDisk = () => readFileSync(join(workbench.folder, 'workspace', path), 'utf8');
  const sources = () => JSON.parse(onDisk()).cells.map((/** @type {any} */ { source }) => [source].flat().join(''));
  const line = (/** @type {string} */ words) => page.locator('.notebookOverlay .view-line', { hasText: words }).first();
  const result = () =>
    String(
      endpoint.asked.findLast(({ tools }) => tools !== undefined).messages.findLast((/** @type {any} */ { role }) => role === 'tool')
        .content,
    );
  const setMode = async (/** @type {string} */ words) => {
    await chat.getByRole('button', { name: /^Mode:/ }).click();
    await chat.getByRole('menuitem', { name: new RegExp(`^${words}`) }).click();
    await chat.getByRole('button', { name: `Mode: ${words}` }).waitFor();
  };
  const send = async (/** @type {string} */ words, /** @type {string} */ end) => {
    await ask(workbench, words);
    await chat.getByText(end).waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
  };
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `notebooks-${name}.png`));

  await scenario.step('A notebook is open and has text that is not saved', async () => {
    await workbench.show();
    await chat.getByRole('button', { name: /^Mode:/ }).waitFor({ timeout: 60_000 });
    await setMode('Auto-Edit');
    await page.keyboard.press('Control+P');
    await page.locator('.quick-input-widget input').fill(path);
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: path }).waitFor();
    await page.keyboard.press('Enter');
    await line('total').click();
    await page.keyboard.press('End');
    await page.keyboard.insertText(' + 41');
    await line('41').waitFor();
    await page.locator('.tab.dirty', { hasText: path }).waitFor();
  });

  await scenario.step('The agent reads the cells as they are in the editor', async () => {
    await send('Read the cells', 'I have read them.');
    assert.match(result(), /\[Cell 1, markdown\]\n.*# Figures/);
    assert.match(result(), /\[Cell 2, code, python\]\n.*total = 1 \+ 41/);
    assert.match(result(), /unsaved changes in the editor/);
    assert.equal(onDisk(), notebook);
  });

  await scenario.step('It changes a cell in the editor and saves the notebook', async () => {
    await send('Change the second', 'It adds up now.');
    assert.match(result(), /^Replaced cell 2 of figures\.ipynb\. It had unsaved changes/);
    await line('total = 40 + 2').waitFor();
    assert.deepEqual(sources(), ['# Figures', 'total = 40 + 2\n']);
  });

  await scenario.step('Ctrl+Z takes the edit back', async () => {
    await line('total = 40 + 2').click();
    await page.keyboard.press('Control+Z');
    await line('total = 1 + 41').waitFor();
  });

  await scenario.step('It inserts a cell, and the editor shows it', async () => {
    await send('Add a heading', 'There is a heading.');
    assert.deepEqual(sources(), ['# Figures', '## Sum', 'total = 1 + 41']);
    await page.locator('.notebookOverlay .cell-list-container .monaco-list-row').nth(2).waitFor();
    await picture('edited');
  });

  await scenario.step('A run asks with the source of the cell', async () => {
    await setMode('Agent');
    await ask(workbench, 'Run it');
    const card = chat.locator('.approval').filter({ hasText: 'Run this cell?' }).filter({ hasText: 'total = 1 + 41' });
    await card.waitFor({ timeout: 60_000 });
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await picture('approval');
    await card.getByRole('button', { name: 'Allow Once' }).click();
    await chat.getByText('The cell ran.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.match(result(), /^Cell 3 of figures\.ipynb ran\.\nRan total = 1 \+ 41/);
    await picture('ran');
  });

  await scenario.step('Outputs are unsaved, and an edit saves them and keeps the format of the file', async () => {
    await setMode('Auto-Edit');
    await send('Clean up the file', 'The heading is gone.');
    assert.deepEqual(sources(), ['# Figures', 'total = 1 + 41']);
    assert.match(onDisk(), /^\{\n "cells": \[\n {2}\{\n {3}"cell_type": "markdown",\n/);
    assert.match(onDisk(), /"id": "bbbb2222"/);
    assert.match(onDisk(), /Ran total = 1 \+ 41/);
  });
}
