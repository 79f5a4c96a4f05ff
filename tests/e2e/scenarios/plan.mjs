// A chat in plan mode writes a plan, which the user comments, approves in part and runs beside the chat.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { ask, composer, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';
import { pages } from '../runner/workbench.mjs';

const parser = {
  title: 'Reject days that a month does not have',
  description:
    'parseDate in src/dates.ts returns undefined for February 30 and April 31.\nKeep its signature. Leap years follow the Gregorian rules.',
  files: ['src/dates.ts'],
  checks: ['npm test'],
  budget_share: 50,
};
const tests = {
  title: 'Test the limits of each month',
  description: 'One test for the last valid and the first invalid day of each month.',
  files: ['tests/dates.test.ts'],
  template: 'task-test-writer',
};
const docs = {
  title: 'Describe invalid dates',
  description: 'docs/dates.md says what is returned for a day that does not exist.',
  files: ['docs/dates.md'],
  template: 'task-docs-writer',
};
const plan = (/** @type {object[]} */ steps) => ({
  name: 'write_plan',
  parameters: { title: 'Reject February 30', goal: 'Dates that do not exist are rejected, with tests and documentation.', steps },
});

/** @param {any} asked @param {Promise<unknown>} ends @returns {Promise<import('../runner/scriptedEndpoint.mjs').Reply>} */
async function replyOf({ messages, tools }, ends) {
  if (tools === undefined) return { text: 'Dates' };
  const last = messages.at(-1);
  const goal = String(messages.find((/** @type {any} */ { role }) => role === 'user')?.content);
  if (tools.some((/** @type {any} */ tool) => tool.function.name === 'finish')) {
    if (goal.startsWith(parser.title) && last.role !== 'tool') {
      const write = (/** @type {string} */ path) => ({ name: 'write', parameters: { path, content: 'export const days = 31;\n' } });
      return { text: 'I change the parser.', calls: [write('src/dates.ts'), write('src/months.ts')] };
    }
    if (goal.startsWith(tests.title)) await ends;
    return { calls: [{ name: 'finish', parameters: { summary: 'Done.', files_changed: [], checks: [] } }] };
  }
  if (last.role === 'tool') return { text: 'The plan has the parser first, because the tests depend on it. Is the documentation wanted?' };
  const isRejected = String(last.content).includes('I do not approve the plan');
  return { text: 'I have read the parser.', calls: [plan(isRejected ? [{ ...parser, checks: [] }, tests, docs] : [parser, docs])] };
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  /** Resolved when the second step may end. */
  let end = () => {};
  const ends = new Promise((resolve) => (end = () => resolve(undefined)));
  endpoint.reply = (asked) => replyOf(asked, ends);
  const workbench = await scenario.open({
    settings: { 'plue.chat.location': 'sideBar' },
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      const source = join(dirname(home), 'workspace', 'src');
      mkdirSync(source);
      writeFileSync(join(source, 'dates.ts'), 'export const days = 30;\n');
    },
  });
  workbench.chatPlace = 'view';
  try {
    await runSteps(scenario, workbench, endpoint, end);
  } finally {
    end();
    await endpoint.stop();
  }
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {ScriptedEndpoint} endpoint
 * @param {() => void} end Lets the second step end.
 */
async function runSteps(scenario, workbench, endpoint, end) {
  const { chat, page } = workbench;
  const inPlan = page.frameLocator(pages.editor).frameLocator('#active-frame');
  const step = (/** @type {number} */ number) => inPlan.getByRole('region', { name: `Step ${number}`, exact: true });
  const button = (/** @type {string | RegExp} */ name) => inPlan.getByRole('button', { name });
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `plan-${name}.png`));
  const items = () => join(workbench.plueHome, 'items');

  await scenario.step('A chat in plan mode opens its plan beside itself', async () => {
    await workbench.show();
    await chat.getByRole('region', { name: 'Getting started' }).waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await chat.getByRole('button', { name: /^Mode:/ }).click();
    await chat.getByRole('menuitem', { name: /^Plan/ }).click();
    await ask(workbench, 'Make the parser reject February 30.');
    await inPlan.getByRole('heading', { name: 'Reject February 30' }).waitFor({ timeout: 60_000 });
    await step(1).getByText('Keep its signature.').waitFor();
    await untilFinished(workbench);
    await composer(workbench).and(chat.locator(':focus')).waitFor();
    assert.deepEqual(readdirSync(items()), ['reject-february-30.json5']);
    await requireAccessible(await workbench.editorFrame());
    await picture('written');
  });

  await scenario.step('A line of the plan is commented', async () => {
    await step(1).getByText('npm test').hover();
    await step(1).getByRole('button', { name: 'Comment on “npm test”' }).click();
    await inPlan.getByRole('textbox', { name: 'Comment' }).fill('There is no npm script for this.');
    await picture('commenting');
    await inPlan.getByRole('textbox', { name: 'Comment' }).press('Control+Enter');
    await step(1).getByText('There is no npm script for this.').waitFor();
    await button('Comment on “Describe invalid dates”').click();
    await inPlan.getByRole('textbox', { name: 'Comment' }).fill('Tests first, please.');
    await button('Add Comment').click();
    await step(2).getByText('Tests first, please.').waitFor();
    await requireAccessible(await workbench.editorFrame());
    await picture('commented');
  });

  await scenario.step('The comments go back to the chat, which revises the plan', async () => {
    await button('Send 2 Comments to Chat').click();
    await chat.getByRole('article', { name: 'Your message' }).filter({ hasText: 'There is no npm script for this.' }).waitFor();
    await step(2).getByText(tests.title).waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.equal(await inPlan.getByText('There is no npm script for this.').count(), 0);
    await picture('revised');
  });

  await scenario.step('A step is edited in the page', async () => {
    await button('Edit step 2').click();
    await step(2).getByRole('textbox', { name: 'Description' }).fill('One test for February 29 and 30.');
    await picture('editing');
    await requireAccessible(await workbench.editorFrame());
    await step(2).getByRole('button', { name: 'Save' }).click();
    await step(2).getByText('One test for February 29 and 30.').waitFor();
    assert.match(readFileSync(join(items(), 'reject-february-30.json5'), 'utf8'), /One test for February 29 and 30\./);
  });

  await scenario.step('The approved steps run one after the other, and a file that was not listed is marked', async () => {
    await inPlan.getByRole('checkbox', { name: /^Run step 3/ }).uncheck();
    await inPlan.getByRole('combobox', { name: 'Permission mode of the steps' }).selectOption('Edit files without asking');
    await button('Run 2 Steps').click();
    await step(1).getByText('done').first().waitFor({ timeout: 60_000 });
    await step(1).getByText('Changed files that the step does not list: src/months.ts').waitFor();
    await step(2).getByText('running').first().waitFor({ timeout: 60_000 });
    await step(3).getByText('skipped').waitFor();
    assert.ok(existsSync(join(workbench.folder, 'workspace', 'src', 'months.ts')));
    await requireAccessible(await workbench.editorFrame());
    await picture('running');
    end();
    await step(2).getByText('done').first().waitFor({ timeout: 60_000 });
    await button('Stop').waitFor({ state: 'detached' });
    await chat.getByRole('button', { name: 'Mode: Auto-Edit' }).waitFor();
  });

  await scenario.step('The skipped step is approved and runs later', async () => {
    await inPlan.getByRole('checkbox', { name: /^Run step 3/ }).check();
    await button('Run 1 Step').click();
    await step(3).getByText('done').first().waitFor({ timeout: 60_000 });
    await inPlan.getByText('3 of 3 steps done').waitFor();
    assert.equal(endpoint.asked.filter(({ tools = [] }) => tools.some((tool) => tool.function.name === 'write_plan')).length, 4);
    await picture('done');
  });

  await scenario.step('The plan opens from the chat, and its file and history are those of an item', async () => {
    await workbench.command('View: Close Editor');
    await chat.getByRole('button', { name: 'Open Plan' }).last().click();
    await inPlan.getByText('3 of 3 steps done').waitFor({ timeout: 60_000 });
    await button('Open Form').click();
    await inPlan.getByRole('textbox', { name: 'Goal' }).waitFor({ timeout: 60_000 });
    await workbench.command('View: Close Editor');
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`The plan can be read in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.reload();
      await inPlan.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await inPlan.getByText('3 of 3 steps done').waitFor({ timeout: 60_000 });
      await requireAccessible(await workbench.editorFrame());
      await picture(bodyClass);
    });
  }
}
