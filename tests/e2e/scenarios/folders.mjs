// A workspace with several folders: an agent reads, searches, and edits in two of them, and files are named, opened, reviewed, and mentioned by folder.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { ask, composer, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint, scriptedRounds } from '../runner/scriptedEndpoint.mjs';

const call = (/** @type {string} */ name, /** @type {object} */ parameters) => ({ name, parameters });

/** The model's rounds for each question. @type {Record<string, import('../runner/scriptedEndpoint.mjs').Reply[]>} */
const script = {
  'Where is the price': [
    { calls: [call('search', { query: 'price' }), call('read', { path: 'api/price.js' }), call('read', { path: 'web/src/page.js' })] },
    { text: 'The price is made in [price.js](api/price.js) and shown in [the page](web/src/page.js:2).' },
  ],
  'Change both': [
    {
      calls: [
        call('edit', { path: 'api/price.js', old: 'price = 1', new: 'price = 2' }),
        call('edit', { path: 'web/src/page.js', old: 'show(price)', new: 'show(price, currency)' }),
      ],
    },
    { calls: [call('write', { path: 'web/src/currency.js', content: 'export const currency = "EUR";\n' })] },
    { text: 'Both folders are changed.' },
  ],
  'And now': [{ text: 'I see one folder less.' }],
};

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = scriptedRounds(script, 'Prices');
  const workbench = await scenario.open({
    settings: { 'files.autoSave': 'off', 'plue.chat.location': 'sideBar' },
    workspaceFile: 'shop.code-workspace',
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
      const top = dirname(home);
      const write = (/** @type {string} */ path, /** @type {string} */ text) => {
        mkdirSync(dirname(join(top, path)), { recursive: true });
        writeFileSync(join(top, path), text);
      };
      write('server/price.js', 'export const price = 1;\n');
      write('server/AGENTS.md', 'Prices are numbers.\n');
      write('site/src/page.js', "import { price } from 'api';\nshow(price);\n");
      write('site/AGENTS.md', 'Pages are short.\n');
      write('docs/notes.md', 'Nothing.\n');
      const folders = [{ path: 'server', name: 'api' }, { path: 'site', name: 'web' }, { path: 'docs' }];
      write('shop.code-workspace', JSON.stringify({ folders }, null, 2));
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
  const text = (/** @type {string} */ path) => readFileSync(join(workbench.folder, path), 'utf8');
  const lastAsked = () => endpoint.asked.findLast(({ tools }) => tools !== undefined);
  const results = () =>
    lastAsked()
      .messages.filter((/** @type {any} */ { role }) => role === 'tool')
      .map((/** @type {any} */ { content }) => String(content));
  const system = () => String(lastAsked().messages[0].content);
  const line = (/** @type {string} */ words) => page.locator('.editor-instance .view-line', { hasText: words }).first();

  await scenario.step('The model receives the folders and the instructions of each', async () => {
    await workbench.show();
    // In a browser, VS Code may read the workspace file before its server's files are available. It then shows no folder until it is reloaded.
    const folder = page.getByRole('treeitem', { name: 'api', exact: true });
    const isShown = await folder.waitFor({ timeout: 20_000 }).then(
      () => true,
      () => false,
    );
    if (!isShown) {
      await workbench.reload();
      await folder.waitFor({ timeout: 60_000 });
    }
    await chat.getByRole('button', { name: /^Mode:/ }).click({ timeout: 60_000 });
    await chat.getByRole('menuitem', { name: /^Auto-Edit/ }).click();
    await chat.getByRole('button', { name: 'Mode: Auto-Edit' }).waitFor();
    await ask(workbench, 'Where is the price');
    await chat.getByText('The price is made in').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    const paths = ['server', 'site', 'docs'].map((name) => join(workbench.folder, name));
    assert.ok(system().includes(`- \`api\`: ${paths[0]}\n- \`web\`: ${paths[1]}\n- \`docs\`: ${paths[2]}`), system());
    assert.match(system(), /## api\/AGENTS\.md\n\nPrices are numbers\.\n\n## web\/AGENTS\.md\n\nPages are short\./);
  });

  await scenario.step('It searches all folders and reads in two', () => {
    const [found, price, shown] = results();
    assert.match(found ?? '', /^api\/price\.js:1: export const price = 1;\nweb\/src\/page\.js:1: .*\nweb\/src\/page\.js:2: show\(price\);/);
    assert.match(price ?? '', /price = 1/);
    assert.match(shown ?? '', /show\(price\)/);
    return Promise.resolve();
  });

  await scenario.step('A link in the response opens the file of its folder', async () => {
    await chat.getByRole('link', { name: 'the page' }).click();
    await line('show(price)').waitFor();
    await page.locator('.tab', { hasText: 'page.js' }).waitFor();
  });

  await scenario.step('Edits in both folders are listed by folder', async () => {
    await ask(workbench, 'Change both');
    await chat.getByText('Both folders are changed.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.equal(text('server/price.js'), 'export const price = 2;\n');
    assert.match(text('site/src/page.js'), /show\(price, currency\)/);
    assert.match(text('site/src/currency.js'), /EUR/);
    for (const path of ['api/price.js', 'web/src/page.js', 'web/src/currency.js']) {
      await chat.locator('.changed-file, .tool-call').filter({ hasText: path }).first().waitFor();
    }
    await workbench.screenshot(inArtifacts('screenshots', 'folders-changes.png'));
  });

  await scenario.step('The changes of all folders are reviewed in one editor', async () => {
    await workbench.command('Plue: Review Agent Changes');
    await page.locator('.multiDiffEditor').first().waitFor();
    await page.locator('.multiDiffEditor', { hasText: 'price.js' }).first().waitFor();
    await page.locator('.multiDiffEditor', { hasText: 'currency.js' }).first().waitFor();
    await workbench.screenshot(inArtifacts('screenshots', 'folders-review.png'));
  });

  await scenario.step('One file is undone and the others are kept', async () => {
    const row = chat.locator('.tool-beside .changed-file:visible, .changed-file:visible');
    await row.getByRole('button', { name: 'Undo web/src/page.js' }).first().click();
    await workbench.until(() => Promise.resolve(text('site/src/page.js').includes('show(price);')));
    await row.getByRole('button', { name: 'Keep api/price.js' }).first().click();
    await row.getByRole('button', { name: 'Keep api/price.js' }).first().waitFor({ state: 'detached' });
    assert.equal(text('server/price.js'), 'export const price = 2;\n');
  });

  await scenario.step('@ finds files of each folder by the path that VS Code shows', async () => {
    await composer(workbench).fill('');
    await composer(workbench).pressSequentially('@notes');
    await chat
      .getByRole('option', { name: /notes\.md.*docs/ })
      .first()
      .waitFor();
    await workbench.screenshot(inArtifacts('screenshots', 'folders-mention.png'));
    await page.keyboard.press('Enter');
    assert.match(await composer(workbench).inputValue(), /^@docs\/notes\.md/);
    // The file is attached after the sidecar inspected it.
    await chat.getByText('3 tokens', { exact: true }).waitFor();
    await chat.getByRole('button', { name: /^Remove .*notes\.md/ }).click();
    await composer(workbench).fill('');
  });

  await scenario.step('A folder that is removed is reported in the chat, which goes on', async () => {
    const file = join(workbench.folder, 'shop.code-workspace');
    writeFileSync(
      file,
      JSON.stringify(
        {
          folders: [
            { path: 'server', name: 'api' },
            { path: 'site', name: 'web' },
          ],
        },
        null,
        2,
      ),
    );
    await workbench.until(async () => {
      const explorer = page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'docs' });
      return (await explorer.count()) === 0;
    });
    await ask(workbench, 'And now');
    await chat.getByText('I see one folder less.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.doesNotMatch(system(), /`docs`/);
    await chat.getByText('The folder docs was removed from the workspace').first().waitFor({ state: 'attached' });
    await workbench.screenshot(inArtifacts('screenshots', 'folders-removed.png'));
  });
}
