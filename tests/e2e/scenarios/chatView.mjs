// The chat view in the secondary side bar opens automatically, keeps drafts, and moves its chat to a tab and back.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts, inRoot } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, ask, composer, newChat, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { pick } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const cart = `export function total(prices: number[]): number {
  let sum = 0;
  for (let i = 0; i <= prices.length; i++) {
    sum += prices[i];
  }
  return sum;
}
`;

const cause = `The loop goes one step too far: at \`i === prices.length\` there is no price, so \`undefined\` is added and the total becomes \`NaN\`.

A loop over the values cannot run past the end:

\`\`\`typescript
export function total(prices: number[]): number {
  let sum = 0;
  for (const price of prices) sum += price;
  return sum;
}
\`\`\`

Shall I change \`src/cart.ts\`?`;

const colorQuestion = {
  question: 'Which color do the buttons get?',
  options: [{ label: 'Blue', description: 'as in the header' }, { label: 'Red' }],
};

/** The model writes a file when it is asked for one and may. @param {any} asked */
function replyOf({ messages, tools = [] }) {
  const last = messages.at(-1);
  const canWrite = tools.some((/** @type {any} */ tool) => tool.function.name === 'write');
  const isAboutTotal = messages.some((/** @type {any} */ { content }) => JSON.stringify(content ?? '').includes('the total NaN'));
  if (isAboutTotal) return last.role === 'tool' ? { text: cause } : { calls: [{ name: 'read', parameters: { path: 'src/cart.ts' } }] };
  if (JSON.stringify(last.content).includes('Count to a hundred'))
    return { text: Array.from({ length: 100 }, (_, index) => `Line ${index + 1}.`).join('\n\n') };
  if (last.role === 'tool')
    return { text: last.content.includes('The user chose') ? `Understood. ${last.content}` : 'The list is written.' };
  if (JSON.stringify(last.content).includes('Which color')) return { calls: [{ name: 'ask_user', parameters: colorQuestion }] };
  if (!JSON.stringify(last.content).includes('list of colors')) return undefined;
  return canWrite
    ? { calls: [{ name: 'write', parameters: { path: 'colors.txt', content: 'red\nblue\n' } }] }
    : { text: 'I may not write.' };
}

/** Returns the number of the first line that starts in view. @param {Element} view */
function firstLineInView(view) {
  const { top } = view.getBoundingClientRect();
  const lines = [...view.querySelectorAll('p')].filter(({ textContent }) => textContent?.startsWith('Line '));
  const first = lines.find((line) => line.getBoundingClientRect().top >= top - 4);
  return Number(/\d+/.exec(first?.textContent ?? '')?.[0]);
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = replyOf;
  const workbench = await scenario.open({
    settings: { 'plue.chat.location': 'sideBar' },
    prepare: (home) => {
      writeLocalServer(home, endpoint, { name: 'Local model' });
      const source = join(dirname(home), 'workspace', 'src');
      mkdirSync(source);
      writeFileSync(join(source, 'cart.ts'), cart);
      mkdirSync(join(home, 'templates'), { recursive: true });
      writeFileSync(
        join(home, 'templates', 'reviewer.json5'),
        "{ id: 'reviewer', name: 'Reviewer', parent_template: 'ai-chat', fields: [] }",
      );
    },
  });
  workbench.chatPlace = 'view';
  try {
    await runSteps(scenario, workbench);
  } finally {
    await endpoint.stop();
  }
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 */
async function runSteps(scenario, workbench) {
  const { page } = workbench;
  const colors = join(workbench.folder, 'workspace', 'colors.txt');
  const draft = () => composer(workbench).inputValue();
  const chats = () => readdirSync(join(workbench.plueHome, 'codices', 'chats')).filter((name) => name.endsWith('.jsonl'));
  const tab = page.locator('.editor-group-container .tab.active');
  const button = (/** @type {string} */ name) => page.locator('.part.auxiliarybar').getByRole('button', { name });

  await scenario.step('After the installation the chat opens beside the editor and responds', async () => {
    await workbench.show();
    await workbench.chat.getByRole('region', { name: 'Getting started' }).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Is this beside the code?');
    await untilFinished(workbench);
    await page.locator('.part.auxiliarybar').waitFor();
  });

  await scenario.step('A draft is there again when the view showed another chat meanwhile', async () => {
    await composer(workbench).fill('A question half typed');
    await newChat(workbench);
    assert.equal(await draft(), '');
    await button('Show Chats').click();
    await pick(workbench, 'Chats', 'Is this beside the code?');
    await answers(workbench).last().waitFor();
    await workbench.until(async () => (await draft()) === 'A question half typed');
  });

  await scenario.step('A new chat that was left empty leaves nothing behind', async () => {
    await workbench.until(async () => chats().length === 1);
  });

  await scenario.step('Another template for an empty chat changes that chat, which keeps its draft', async () => {
    await newChat(workbench);
    await composer(workbench).fill('Look at the totals');
    await workbench.until(async () => chats().length === 2);
    const before = chats();
    await workbench.chat.getByRole('button', { name: 'Template: Chat' }).click();
    await workbench.chat.getByRole('menuitem', { name: /^Reviewer.*A conversation/ }).click();
    await workbench.chat.getByRole('button', { name: 'Template: Reviewer' }).waitFor();
    assert.equal(await draft(), 'Look at the totals');
    assert.deepEqual(chats(), before);
    await workbench.screenshot(inArtifacts('screenshots', 'chatView-other-template.png'));
    await composer(workbench).fill('');
    await button('Show Chats').click();
    await pick(workbench, 'Chats', 'Is this beside the code?');
    await answers(workbench).last().waitFor();
    await workbench.until(async () => chats().length === 1);
  });

  await scenario.step('The chat opens in an editor tab with its draft, and the view shows a new chat', async () => {
    await button('Open Chat in Editor').click();
    await tab.getByText('Is this beside the code?').waitFor();
    workbench.chatPlace = 'editor';
    await answers(workbench).last().waitFor();
    assert.equal(await draft(), 'A question half typed');
    workbench.chatPlace = 'view';
    await workbench.chat.getByRole('region', { name: 'Getting started' }).waitFor();
  });

  await scenario.step('It goes on there, and comes back into the side bar', async () => {
    workbench.chatPlace = 'editor';
    await ask(workbench, 'And in a tab?');
    await untilFinished(workbench);
    // The view's chat has focus, but the button is above the tab.
    workbench.chatPlace = 'view';
    await composer(workbench).focus();
    await workbench.chat.locator('textarea:focus').waitFor();
    await page.locator('.editor-actions').getByRole('button', { name: 'Move Chat to Side Bar' }).click();
    await workbench.chat.getByRole('article', { name: 'Your message' }).filter({ hasText: 'And in a tab?' }).waitFor();
    await tab.waitFor({ state: 'detached' });
    await workbench.until(async () => chats().length === 1);
  });

  await scenario.step('Between side bar and tab the messages stay where they were scrolled to', async () => {
    await ask(workbench, 'Count to a hundred');
    await workbench.chat.getByText('Line 100.').waitFor();
    await untilFinished(workbench);
    await workbench.chat.getByText('Line 40.').evaluate((line) => line.scrollIntoView({ block: 'start' }));
    const top = () => workbench.chat.locator('.messages').evaluate(firstLineInView);
    await workbench.until(async () => (await top()) === 40);
    // The page stores its position a moment later.
    await composer(workbench).fill('Stored');
    await button('Open Chat in Editor').click();
    workbench.chatPlace = 'editor';
    await workbench.until(async () => (await top()) === 40);
    await page.locator('.editor-actions').getByRole('button', { name: 'Move Chat to Side Bar' }).click();
    await tab.waitFor({ state: 'detached' });
    workbench.chatPlace = 'view';
    await workbench.until(async () => (await top()) === 40);
  });

  await scenario.step('A reload of the window brings the chat back, with its draft and where it was scrolled to', async () => {
    await composer(workbench).fill('After the reload');
    await composer(workbench).blur();
    await workbench.reload();
    await workbench.chat.getByText('Line 40.').waitFor({ timeout: 60_000 });
    await workbench.until(async () => (await workbench.chat.locator('.messages').evaluate(firstLineInView)) === 40);
    await workbench.until(async () => (await draft()) === 'After the reload');
  });

  await scenario.step('In the mode Ask the chat can only read, and the menu shows what each mode allows', async () => {
    await workbench.chat.getByRole('button', { name: 'Mode: Agent' }).click();
    await workbench.chat.getByRole('menuitem', { name: /Asks before it edits a file or runs a command/ }).waitFor();
    await workbench.chat.getByRole('menuitem', { name: /^Ask/ }).click();
    await workbench.chat.getByRole('button', { name: 'Mode: Ask' }).waitFor();
    await ask(workbench, 'Write a list of colors');
    await workbench.chat.getByText('I may not write.').waitFor();
    await untilFinished(workbench);
  });

  await scenario.step('As an agent it writes a file, after the user allowed it', async () => {
    await workbench.chat.getByRole('button', { name: 'Mode: Ask' }).click();
    await workbench.chat.getByRole('menuitem', { name: /^Agent/ }).click();
    await workbench.chat.getByRole('button', { name: 'Mode: Agent' }).waitFor();
    await ask(workbench, 'Now write the list of colors');
    const allow = workbench.chat.getByRole('button', { name: 'Allow Once' });
    await allow.waitFor();
    await workbench.chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await allow.click();
    await workbench.chat.getByText('The list is written.').waitFor();
    await untilFinished(workbench);
    assert.equal(readFileSync(colors, 'utf8'), 'red\nblue\n');
  });

  await scenario.step('The agent asks with options and room for text, and gets the answer', async () => {
    await ask(workbench, 'Ask me: Which color?');
    await workbench.chat.getByText('Which color do the buttons get?', { exact: true }).waitFor();
    await workbench.chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await workbench.chat.getByRole('radio', { name: 'Blue: as in the header' }).check();
    await workbench.chat.getByRole('textbox', { name: 'Details' }).fill('but darker');
    await workbench.screenshot(inArtifacts('screenshots', 'chatView-question.png'));
    await workbench.chat.getByRole('button', { name: 'Send Answer' }).click();
    await answers(workbench).last().getByText('The user chose: Blue: as in the header').waitFor();
    await answers(workbench).last().getByText('but darker').waitFor();
    await untilFinished(workbench);
  });

  await scenario.step('A key leads from the code to the chat with the selection, and back', async () => {
    await page.locator('.explorer-folders-view').getByText('hello.txt').dblclick();
    await tab.getByText('hello.txt').waitFor();
    await page.locator('.monaco-editor .view-line').first().click();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Control+Alt+p');
    await workbench.chat.locator('textarea:focus').waitFor();
    await workbench.chat.locator('.chip-name:visible', { hasText: 'hello.txt' }).first().waitFor();
    await page.keyboard.press('Control+Alt+p');
    await page.locator('.monaco-editor.focused').waitFor();
  });

  await scenario.step('The view has no serious accessibility finding', async () => requireAccessible(await workbench.chatFrame()));

  await scenario.visual('The chat beside the code, for the README', async () => {
    await page.locator('.explorer-folders-view').getByText('src', { exact: true }).click();
    await page.locator('.explorer-folders-view').getByText('cart.ts').dblclick();
    await tab.getByText('cart.ts').waitFor();
    await newChat(workbench);
    await ask(workbench, 'Why is the total NaN?');
    await untilFinished(workbench);
    await workbench.command('Notifications: Clear All Notifications');
    await page.mouse.move(600, 600);
    if (process.env['UPDATE'] !== undefined) await workbench.screenshot(inRoot('docs', 'images', 'chat.png'));
  });
}
