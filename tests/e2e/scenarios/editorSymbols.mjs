// An agent uses TypeScript's language server: outlines, references, and a rename across files as one edit.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts, inRoot } from '../../../scripts/lib/paths.mjs';
import { ask, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint, scriptedRounds } from '../runner/scriptedEndpoint.mjs';

const files = {
  'tsconfig.json': '{ "compilerOptions": { "strict": true, "target": "es2022", "module": "es2022", "types": [] }, "include": ["*.ts"] }\n',
  'dates.ts': 'export function isLeap(year: number): boolean {\n  return year % 4 === 0;\n}\n',
  'days.ts':
    "import { isLeap } from './dates';\n\n// isLeap in a comment stays.\nexport const daysOf = (year: number): number => (isLeap(year) ? 366 : 365);\n",
};
const call = (/** @type {string} */ name, /** @type {object} */ parameters) => ({ calls: [{ name, parameters }] });
const place = { path: 'dates.ts', line: 1, symbol: 'isLeap' };

/** The model's rounds for each question. @type {Record<string, import('../runner/scriptedEndpoint.mjs').Reply[]>} */
const script = {
  'Who calls it': [
    call('symbols', { path: 'dates.ts' }),
    call('references', place),
    call('references', { ...place, kind: 'incoming_calls' }),
    call('references', { path: 'days.ts', line: 4, symbol: 'isLeap', kind: 'definition' }),
    { text: 'One function calls it.' },
  ],
  'Give it a better name': [call('rename', { ...place, new_name: 'isLeapYear' }), { text: 'It has a better name.' }],
};

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = scriptedRounds(script, 'Dates');
  const workbench = await scenario.open({
    settings: {
      'files.autoSave': 'off',
      'plue.chat.location': 'sideBar',
      // The server contains the extension without its language service.
      'typescript.tsdk': inRoot('node_modules', 'typescript', 'lib'),
    },
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
      for (const [name, text] of Object.entries(files)) writeFileSync(join(dirname(home), 'workspace', name), text);
    },
  });
  workbench.chatPlace = 'view';
  const { page, chat } = workbench;
  const onDisk = (/** @type {string} */ name) => readFileSync(join(workbench.folder, 'workspace', name), 'utf8');
  const results = () =>
    endpoint.asked
      .findLast(({ tools }) => tools !== undefined)
      .messages.filter((/** @type {any} */ { role }) => role === 'tool')
      .map((/** @type {any} */ { content }) => String(content));
  try {
    await scenario.step('The agent gets the outline, the references, the callers and the definition of a symbol', async () => {
      await workbench.show();
      await chat.getByRole('button', { name: /^Mode:/ }).waitFor({ timeout: 60_000 });
      await page.keyboard.press('Control+P');
      await page.locator('.quick-input-widget input').fill('days.ts');
      await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'days.ts' }).waitFor();
      await page.keyboard.press('Enter');
      await page.locator('.editor-instance .view-line', { hasText: 'daysOf' }).first().waitFor();
      await ask(workbench, 'Who calls it');
      await chat.getByText('One function calls it.').waitFor({ timeout: 120_000 });
      await untilFinished(workbench);
      const [symbols, references, callers, definition] = results();
      assert.match(symbols, /^1-3: function isLeap\n/);
      assert.match(references, /dates\.ts:1: export function isLeap/);
      assert.match(references, /days\.ts:4: export const daysOf/);
      assert.doesNotMatch(references, /comment/);
      assert.match(callers, /^days\.ts:4: \w+ daysOf: export const daysOf/m);
      assert.match(definition, /^dates\.ts:1: export function isLeap/m);
    });

    await scenario.step('A rename waits for one approval that shows both files', async () => {
      await ask(workbench, 'Give it a better name');
      const card = chat.locator('.approval').filter({ hasText: 'Rename this symbol?' });
      await card.waitFor({ timeout: 60_000 });
      await card.getByText('isLeap → isLeapYear').waitFor();
      await card.getByText('@@ dates.ts @@').waitFor();
      await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
      await page.screenshot({ path: inArtifacts('screenshots', 'editorSymbols-approval.png') });
      for (const next = card.getByRole('button', { name: /Show Next/ }); (await next.count()) > 0;) await next.first().click();
      // An approval cannot be answered for a moment after it was shown.
      await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
      await card.getByRole('button', { name: 'Allow Once' }).click();
      await card.waitFor({ state: 'detached' });
    });

    await scenario.step('Both files are changed, and the comment is not', async () => {
      await chat.getByText('It has a better name.').waitFor({ timeout: 60_000 });
      await untilFinished(workbench);
      assert.match(onDisk('dates.ts'), /function isLeapYear\(/);
      assert.match(onDisk('days.ts'), /import \{ isLeapYear \}[^]*\/\/ isLeap in a comment[^]*\(isLeapYear\(year\)/);
      assert.match(results().at(-1), /^Renamed isLeap → isLeapYear in 2 files:\ndates\.ts: 1 place\.\ndays\.ts: 2 places\.\n/);
      // They are read after the response has ended.
      await workbench.until(async () => (await chat.locator('.tool-beside .changed-file:visible').count()) === 2);
    });
  } finally {
    await endpoint.stop();
  }
}
