// A chat whose agent starts subtasks in the background: how the chat shows them while they run, after they ended, and after they were stopped.
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, ask, composer, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const goal = 'Describe the dates in docs/dates.md.';
/** Of a subtask that never ends by itself. */
const endless = 'Check the dates every day.';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  /** Resolved when the subtask may end. */
  let end = () => {};
  const ends = new Promise((resolve) => (end = () => resolve(undefined)));
  endpoint.reply = (asked) => replyOf(asked, ends);
  const workbench = await scenario.open({ prepare: (home) => writeLocalServer(home, endpoint) });
  try {
    await runSteps(scenario, workbench, end);
  } finally {
    end();
    await endpoint.stop();
  }
}

/** @param {any} asked @param {Promise<unknown>} ends @returns {Promise<import('../runner/scriptedEndpoint.mjs').Reply>} */
async function replyOf({ messages, tools }, ends) {
  if (tools === undefined) return { text: 'Dates' };
  if (tools.some((/** @type {any} */ tool) => tool.function.name === 'finish')) {
    await (JSON.stringify(messages).includes(endless) ? new Promise(() => {}) : ends);
    return { calls: [{ name: 'finish', parameters: { summary: 'docs/dates.md describes both functions.', files_changed: [] } }] };
  }
  const last = messages.at(-1);
  if (last.role === 'tool' && String(last.content).includes('"results"')) return { text: 'The dates are described now.' };
  if (last.role === 'tool') return { text: 'The agent works in the background.' };
  if (String(last.content).includes('What came of it')) return { calls: [{ name: 'task_wait', parameters: {} }] };
  const parameters = {
    template: 'task-docs-writer',
    goal: String(last.content).includes('Check the dates') ? endless : goal,
    wait: false,
  };
  return { text: 'I start an agent for it.', calls: [{ name: 'spawn_task', parameters }] };
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {() => void} end Lets the subtask end.
 */
async function runSteps(scenario, workbench, end) {
  const { chat, page } = workbench;
  const subtask = () => chat.locator('.tool-child').last();
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `subtasks-${name}.png`));

  await scenario.step('A chat asks before its agent starts a subtask', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await workbench.command('Plue: New Chat');
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Describe the dates');
    await chat.locator('.approval').filter({ hasText: goal }).waitFor({ timeout: 60_000 });
    await picture('approval');
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await chat.getByRole('button', { name: 'Allow Once' }).click();
  });

  await scenario.step('The response ends while the subtask runs, and shows its state', async () => {
    await untilFinished(workbench);
    await subtask().filter({ hasText: 'running' }).waitFor({ timeout: 60_000 });
    await answers(workbench).filter({ hasText: 'works in the background' }).waitFor();
    await requireAccessible(await workbench.chatFrame());
    await picture('running');
  });

  await scenario.step('The response shows that the subtask ended', async () => {
    end();
    await subtask().filter({ hasText: 'done' }).waitFor({ timeout: 60_000 });
    await requireAccessible(await workbench.chatFrame());
    await picture('ended');
  });

  await scenario.step('A later response gets the result', async () => {
    await ask(workbench, 'What came of it?');
    await answers(workbench).filter({ hasText: 'The dates are described now.' }).waitFor();
    await untilFinished(workbench);
    await picture('result');
  });

  await scenario.step('A subtask is stopped where the chat shows it', async () => {
    await ask(workbench, 'Check the dates');
    await untilFinished(workbench);
    await subtask()
      .filter({ hasText: 'running' })
      .getByRole('button', { name: `Stop ${endless}` })
      .click();
    await subtask().filter({ hasText: 'stopped' }).waitFor();
    await subtask().getByRole('button', { name: /^Stop/ }).waitFor({ state: 'detached' });
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`Subtasks can be read in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.reload();
      await chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await subtask().filter({ hasText: 'stopped' }).waitFor({ timeout: 60_000 });
      await requireAccessible(await workbench.chatFrame());
      await picture(bodyClass);
    });
  }

  await scenario.step('A subtask opens from the chat', async () => {
    await subtask().getByRole('button', { name: endless, exact: true }).click();
    await page.locator('.tab.active', { hasText: endless }).waitFor();
    await chat.locator('.task-state', { hasText: 'stopped' }).waitFor();
    await picture('opened');
  });
}
