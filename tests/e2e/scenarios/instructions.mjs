// Instructions of a chat: a prompt with fields, AGENTS.md of the folder, a change between two responses, and a file with hidden text.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, ask, newChat, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.text = 'Understood.';
  const workbench = await scenario.open({
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      write(join(dirname(home), 'workspace', 'AGENTS.md'), 'Use tabs.\n');
      write(join(home, 'prompts', 'default-assistant.md'), '---\ndescription: The house prompt.\n---\nYou help with {{title}}.\n');
      write(
        join(home, 'prompts', 'explain.md'),
        '---\ndescription: Explain something.\narguments:\n  - topic: what it is about\n  - tone?\n---\nExplain {{topic}} {{tone}}\n',
      );
    },
  });
  try {
    await runSteps(scenario, workbench, endpoint);
  } finally {
    await endpoint.stop();
  }
}

/** @param {string} path @param {string} text */
function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {ScriptedEndpoint} endpoint
 */
async function runSteps(scenario, workbench, endpoint) {
  const { page, chat } = workbench;
  const draft = () => chat.locator('.composer textarea');
  const button = (/** @type {string | RegExp} */ name) => chat.getByRole('button', { name });
  const list = () => chat.getByRole('dialog', { name: 'Instruction sources' });
  const systemPrompt = () => String(endpoint.asked.at(-1)?.messages?.[0]?.content);
  const rules = join(workbench.folder, 'workspace', 'AGENTS.md');

  await scenario.step('The header shows the number of instruction sources', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await newChat(workbench);
    await button(/^4 instruction sources: default-assistant, AGENTS\.md, Chat, House server/).click();
    await list().getByText('Workspace instructions').waitFor();
  });

  await scenario.look('The list has no serious accessibility finding, and Escape closes it', async () => {
    await requireAccessible(await workbench.chatFrame());
    await page.keyboard.press('Escape');
    await list().waitFor({ state: 'hidden' });
  });

  await scenario.step('The prompt and the workspace instructions are sent to the model', async () => {
    await ask(workbench, 'How do I indent?');
    await untilFinished(workbench);
    assert.match(systemPrompt(), /^You help with [^]*# Rules of this project[^]*Use tabs\./);
    assert.equal(await chat.locator('.instructions-change:visible').count(), 0);
  });

  await scenario.step('An edited prompt and rule apply to the next response, which shows it', async () => {
    write(join(workbench.plueHome, 'prompts', 'default-assistant.md'), 'You are brief.\n');
    write(rules, 'Use spaces.\n');
    await ask(workbench, 'And now?');
    await untilFinished(workbench);
    assert.match(systemPrompt(), /^You are brief\.[^]*Use spaces\./);
    await chat.getByText('Instructions changed: default-assistant and AGENTS.md.').waitFor();
  });

  await scenario.step('A file with hidden characters is omitted and reported', async () => {
    write(rules, 'Use tabs.\u{E0049}\u{E0067}\u202E\n');
    await ask(workbench, 'Once more?');
    await untilFinished(workbench);
    assert.doesNotMatch(systemPrompt(), /tabs/);
    await chat.getByText('Instructions removed: AGENTS.md.').waitFor();
    await button(/^3 instruction sources:.*Needs attention/).click();
    await list().getByText('Omitted. It has 3 invisible characters that a model reads.').waitFor();
  });

  await scenario.step('It applies after the user allows it', async () => {
    await list().getByRole('button', { name: 'Use Anyway' }).click();
    await list().getByText('Contains 3 hidden characters.').waitFor();
    await page.keyboard.press('Escape');
    await ask(workbench, 'And with it?');
    await untilFinished(workbench);
    assert.match(systemPrompt(), /Use tabs\./);
    await chat.getByText('Instructions added: AGENTS.md.').waitFor();
  });

  await scenario.step('A prompt with arguments asks for them in the composer', async () => {
    await draft().click();
    await page.keyboard.type('/expl');
    await chat.getByRole('option').filter({ hasText: '/explain' }).waitFor();
    await page.keyboard.press('Enter');
    await workbench.until(async () => (await draft().inputValue()) === 'Explain {{topic}} {{tone}}');
    await chat.getByText('topic: what it is about. 2 placeholders left, press Tab for the next one.').waitFor();
    await page.keyboard.type('leap years');
    await page.keyboard.press('Tab');
    await page.keyboard.type('kindly');
    assert.equal(await draft().inputValue(), 'Explain leap years kindly');
  });

  await scenario.step('A command that there is not is held back until it is sent as text', async () => {
    await draft().fill('');
    await page.keyboard.type('/comapct it');
    await page.keyboard.press('Enter');
    await chat.getByText('/comapct is not a command, prompt or skill. Send it as text?').waitFor();
    await button('Send as Text').click();
    await chat.getByRole('article', { name: 'Your message' }).filter({ hasText: '/comapct it' }).waitFor();
    await untilFinished(workbench);
    assert.ok((await answers(workbench).count()) >= 5);
  });

  await scenario.step('Shipped prompts open read-only', async () => {
    await button(/^4 instruction sources/).click();
    await list().getByRole('button', { name: 'Template: Chat. Open' }).click();
    await page.locator('.monaco-editor').getByText('A conversation with an AI provider.').first().waitFor();
    await page.keyboard.press('Control+w');
  });

  await scenario.step('Instructions of a folder are sent when a tool reads a file in it, and the list names the file', async () => {
    const folder = join(workbench.folder, 'workspace', 'src');
    write(join(folder, 'AGENTS.md'), 'Use spaces in src.\n');
    write(join(folder, 'a.txt'), 'alpha\n');
    write(join(workbench.plueHome, 'AGENTS.md'), 'Answer briefly.\n');
    endpoint.reply = ({ tools, messages }) =>
      tools === undefined || messages.at(-1).role === 'tool'
        ? { text: 'Read.' }
        : { calls: [{ name: 'read', parameters: { file_path: 'src/a.txt' } }] };
    await ask(workbench, 'Read a.txt');
    await untilFinished(workbench);
    assert.match(systemPrompt(), /# Instructions of the user[^]*Answer briefly\./);
    assert.doesNotMatch(systemPrompt(), /Use spaces in src/);
    assert.match(String(endpoint.asked.at(-1).messages.at(-1).content), /## src\/AGENTS\.md \(for src\/a\.txt\)\n\nUse spaces in src\./);
    await chat.getByText('Instructions added: src/AGENTS.md.').waitFor();
    await button(/^6 instruction sources:.*src\/AGENTS\.md/).click();
    await list().getByText('Used for src/a.txt').waitFor();
    await list().getByText('Your instructions').waitFor();
    await page.keyboard.press('Escape');
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast', 'Dark Modern'])) {
    await scenario.visual(`The list and the lines are seen in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      write(rules, 'Use tabs, always.\u202E\n');
      // Unlike opening the window again, a reload first stores which chat is open.
      await workbench.reload();
      await chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await chat.getByText('Instructions added: AGENTS.md.').waitFor();
      await button(/^5 instruction sources/).click();
      await list().getByRole('button', { name: 'Use Anyway' }).waitFor();
      await requireAccessible(await workbench.chatFrame());
    });
  }
}
