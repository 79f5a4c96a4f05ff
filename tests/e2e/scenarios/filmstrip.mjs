// Pictures of the main paths, one for each step, in each theme, to compare with VS Code's own chat.
// Pictures go to artifacts/screenshots as film-THEME-NN-NAME.png, one sheet for each theme as film-THEME.png.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { ask, composer, untilFinished, viewAllLines } from '../runner/chatPage.mjs';
import { asked, type } from '../runner/prompts.mjs';
import { ScriptedEndpoint, scriptedRounds } from '../runner/scriptedEndpoint.mjs';

const themes = /** @type {const} */ ({ dark: 'Dark Modern', light: 'Light Modern', contrast: 'Default High Contrast' });

// Python, because VS Code's server has no language server for it that could fail.
const cart = `def total(prices):
    result = 0
    for i in range(len(prices) + 1):
        result += prices[i]
    return result


def average(prices):
    return total(prices) / len(prices)
`;

const safeAverage = `def average(prices):
    if not prices:
        return 0
    return total(prices) / len(prices)`;

const brokenData = '{\n  "currency": "EUR"\n  "prices": [3, 4]\n}\n';

/** The model's rounds for each question. @type {Record<string, import('../runner/scriptedEndpoint.mjs').Reply[]>} */
const script = {
  'Why does total fail': [
    { calls: [{ name: 'read', parameters: { path: 'src/cart.py' } }] },
    {
      text: 'The loop goes one step too far: `range(len(prices) + 1)` ends with the index `len(prices)`, where there is no price. `prices[i]` then raises an `IndexError`.\n\nThe range in `src/cart.py:3` has to be `range(len(prices))`.',
    },
  ],
  'Then fix it': [
    {
      text: 'I change the range of the loop.',
      calls: [{ name: 'edit', parameters: { path: 'src/cart.py', old: 'range(len(prices) + 1)', new: 'range(len(prices))' } }],
    },
    { text: 'The loop now ends at the last price. `total([3, 4])` is 7 and `total([])` is 0.' },
  ],
};

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  const rounds = scriptedRounds(script, 'A total that fails');
  endpoint.reply = (body) => {
    const question = JSON.stringify(body.messages.at(-1)?.content ?? '');
    if (question.includes('Selection: `src/cart.py`')) return { text: `\`\`\`python\n${safeAverage}\n\`\`\`` };
    if (question.includes('Fix this problem')) return { text: '```json\n{\n  "currency": "EUR",\n  "prices": [3, 4]\n}\n```' };
    if (JSON.stringify(body.messages).includes('feat: add a cart')) return { text: 'fix: end the loop over the prices at the last one' };
    return rounds(body);
  };
  try {
    for (const [name, theme] of Object.entries(themes))
      await scenario.visual(`The film in ${theme}`, () => film(scenario, endpoint, name, theme));
  } finally {
    await endpoint.stop();
  }
}

/** @param {string} workspace */
function plant(workspace) {
  mkdirSync(join(workspace, 'src'), { recursive: true });
  writeFileSync(join(workspace, 'src', 'cart.py'), cart);
  writeFileSync(join(workspace, 'data.json'), brokenData);
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', ...args], { cwd: workspace });
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-q', '-m', 'feat: add a cart');
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {ScriptedEndpoint} endpoint
 * @param {string} name Name of the theme in file names.
 * @param {typeof themes[keyof typeof themes]} theme
 */
async function film(scenario, endpoint, name, theme) {
  const workbench = await scenario.open({
    theme,
    ownServer: true,
    settings: {
      'plue.chat.location': 'sideBar',
      'chat.disableAIFeatures': false,
      'files.autoSave': 'off',
      'editor.minimap.enabled': false,
      'editor.accessibilitySupport': 'off',
    },
    prepare: (home) => plant(join(dirname(home), 'workspace')),
  });
  workbench.chatPlace = 'only';
  const { page, chat } = workbench;
  let number = 0;
  const picture = async (/** @type {string} */ what, /** @type {number[]} */ widths = [1400]) => {
    number++;
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      const end = width === 1400 ? '' : `-${width}`;
      await workbench.screenshot(inArtifacts('screenshots', `film-${name}-${String(number).padStart(2, '0')}-${what}${end}.png`));
    }
    await page.setViewportSize({ width: 1400, height: 900 });
  };
  const both = [1400, 2200];
  const lens = (/** @type {string} */ title) => page.locator('.contentWidgets .codelens-decoration a').filter({ hasText: title });
  const lines = () => page.locator('.editor-instance .view-line');
  const open = async (/** @type {string} */ file) => {
    await page.keyboard.press('Control+p');
    await page.locator('.quick-input-widget input').fill(file);
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: file }).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.tab.active', { hasText: file }).waitFor();
    await page.locator('.editor-instance .monaco-editor.focused').waitFor();
  };

  await page.setViewportSize({ width: 1400, height: 900 });
  await workbench.show();
  await page.locator('.part.auxiliarybar').waitFor({ timeout: 60_000 });
  await workbench.command('Chat: Open Chat');
  await page.locator('.part.auxiliarybar .chat-welcome-view, .part.auxiliarybar .interactive-session').first().waitFor({ timeout: 60_000 });
  await widen(page);
  await picture('vs-code-chat', both);

  await workbench.command('Plue: Focus Chat');
  await chat.getByRole('heading', { name: 'Connect a model' }).waitFor({ timeout: 60_000 });
  await workbench.command('Notifications: Clear All Notifications');
  await picture('connect', both);
  await chat.getByRole('button', { name: 'Choose OpenAI-compatible server' }).click();
  await asked(workbench, 'Add OpenAI-compatible');
  await picture('address');
  await type(workbench, 'Add OpenAI-compatible', endpoint.url);
  await asked(workbench, 'Key for 127.0.0.1');
  await picture('key');
  await type(workbench, 'Key for 127.0.0.1', '');
  await chat.getByText(/Responses come from/).waitFor({ timeout: 60_000 });
  await picture('ready', both);

  await open('cart.py');
  await ask(workbench, 'Why does total fail?');
  await untilFinished(workbench);
  await picture('first-response', both);
  await ask(workbench, 'Then fix it');
  await chat.locator('.approval').waitFor({ timeout: 60_000 });
  await viewAllLines(chat);
  await picture('approval', both);
  await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
  await chat.getByRole('button', { name: 'Allow Once' }).click();
  await untilFinished(workbench);
  await picture('changed', both);
  await chat
    .getByRole('button', { name: /^Review/ })
    .last()
    .click();
  await page.getByRole('button', { name: /^Keep Change/ }).waitFor();
  await page.locator('.monaco-diff-editor .view-line').filter({ hasText: 'result +=' }).first().waitFor();
  await picture('review', both);
  await chat.getByRole('button', { name: /^Keep/ }).last().click();
  await chat.locator('.changes-bar:visible').waitFor({ state: 'detached' });
  await picture('kept');

  await workbench.command('View: Close All Editors');
  await open('cart.py');
  await lines().filter({ hasText: 'def average' }).click();
  await page.keyboard.press('Home');
  for (let line = 0; line < 2; line++) await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Control+k');
  await page.keyboard.press('Control+e');
  await page.locator('.quick-input-widget input').fill('0 for an empty list');
  await picture('inline-edit-asked');
  await page.keyboard.press('Enter');
  await lens('Accept (Tab)').waitFor({ timeout: 60_000 });
  await picture('inline-edit', both);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Control+s');

  await open('data.json');
  await page.locator('.squiggly-error').first().waitFor({ timeout: 60_000 });
  await lines().filter({ hasText: '"prices"' }).click();
  await page.keyboard.press('Home');
  // A list of fixes that is requested before the light bulb is found may close when the light bulb is.
  await page.locator('.lightBulbWidget:visible').waitFor();
  await page.keyboard.press('Control+.');
  await page.locator('.action-widget').getByText('Fix with Plue').waitFor();
  await picture('quick-fix');
  await page.locator('.action-widget').getByText('Fix with Plue').click();
  await lens('Accept (Tab)').waitFor();
  await picture('problem-fixed');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Control+s');

  await page.keyboard.press('Control+Shift+g');
  const box = page.locator('.scm-view .scm-input');
  await page.locator('.scm-view .resource', { hasText: 'cart.py' }).waitFor({ timeout: 60_000 });
  await box.hover();
  await page.getByRole('button', { name: 'Generate Commit Message with Plue' }).first().click();
  await box.locator('.view-line', { hasText: 'fix: end the loop' }).waitFor();
  // The tooltip of the button would cover the message.
  await page.mouse.move(600, 500);
  await picture('commit-message');
  await composer(workbench).focus();
  await picture('at-the-end', both);
  await sheet(workbench, name);
}

/** Makes the secondary side bar 400 px wide. @param {import('playwright-core').Page} page */
async function widen(page) {
  const bar = await page.locator('.part.auxiliarybar').boundingBox();
  if (!bar) throw new Error('The secondary side bar is not to be seen.');
  // The sash is at the left edge of the bar.
  await page.mouse.move(bar.x - 3, 500);
  await page.mouse.down();
  await page.mouse.move((bar.x + 997) / 2, 500);
  await page.mouse.move(997, 500);
  await page.mouse.up();
  // The edge stays highlighted while the pointer is over it.
  await page.mouse.move(600, 500);
}

/** Creates one picture with all pictures of a theme. @param {import('../runner/workbench.mjs').Workbench} workbench @param {string} name */
async function sheet(workbench, name) {
  const folder = inArtifacts('screenshots');
  const files = readdirSync(folder).filter((file) => new RegExp(`^film-${name}-\\d.*(?<!2200)\\.png$`).test(file));
  const page = await workbench.page.context().newPage();
  await page.setViewportSize({ width: 2130, height: 800 });
  const figures = files
    .sort()
    .map(
      (file) =>
        `<figure><img src="data:image/png;base64,${readFileSync(join(folder, file), 'base64')}"><figcaption>${file}</figcaption></figure>`,
    );
  await page.setContent(
    `<style>body{margin:0;display:grid;grid-template-columns:repeat(3,1fr);gap:6px;font:14px sans-serif}figure{margin:0}img{width:100%}</style>${figures.join('')}`,
  );
  await page.screenshot({ path: join(folder, `film-${name}.png`), fullPage: true });
  await page.close();
}
