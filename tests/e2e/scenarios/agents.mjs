// An orchestrator with an expensive model delegates three parts of its work to agents with a cheap one: one asks, one is stopped, one exceeds its budget,
// which is increased. Files change, one change is rejected, and a turn is undone.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { composer, send, untilFinished, viewAllLines } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { pick, type } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const goal = 'Make the dates right. Then check them and describe them.';

const dates = `export function isDate(year, month, day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

// Between the two functions.
// Nothing changes here.
// Nor here.
// Nor here.

export function isLeap(year) {
  return year % 4 === 0;
}
`;

const firstEdit = { old: 'day <= 31;', new: 'day <= daysOf(year, month);' };
const secondEdit = { old: 'return year % 4 === 0;', new: 'return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);' };

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  /** Opened when the agent that writes documentation may continue. */
  const docs = gate();
  endpoint.reply = (asked) => replyOf(asked, docs);
  const workbench = await scenario.open({
    prepare: (home) => {
      mkdirSync(join(home, 'catalog'), { recursive: true });
      writeFileSync(join(home, 'catalog', 'house.json'), JSON.stringify(catalog(endpoint)));
      writeLocalServer(home, endpoint, { name: 'House large', catalog_provider: 'house', model: 'large-2' });
      writeLocalServer(home, endpoint, { name: 'House small', catalog_provider: 'house', model: 'small-1' }, 'small');
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "small" }');
      const workspace = join(home, '..', 'workspace', 'src');
      mkdirSync(workspace, { recursive: true });
      writeFileSync(join(workspace, 'dates.js'), dates);
    },
  });
  try {
    await runSteps(scenario, workbench, docs);
  } finally {
    docs.open();
    await endpoint.stop();
  }
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {ReturnType<typeof gate>} docs
 */
async function runSteps(scenario, workbench, docs) {
  let { page } = workbench;
  const form = () => workbench.chat;
  const row = (/** @type {string | RegExp} */ title) => page.getByRole('treeitem', { name: new RegExp(title) });
  const inWorkspace = (/** @type {string[]} */ ...parts) => join(workbench.folder, 'workspace', ...parts);
  const source = () => readFileSync(inWorkspace('src', 'dates.js'), 'utf8');
  const card = (/** @type {RegExp} */ words) => workbench.approvals.getByRole('listitem').filter({ hasText: words });
  /** A row shows its actions only while the pointer is over it. */
  const onRow = async (/** @type {RegExp} */ title, /** @type {RegExp} */ action) => {
    await row(title).first().hover();
    await row(title).first().getByRole('button', { name: action }).click();
  };
  /** Moves to an approval with the keyboard and waits until it can be answered. */
  const goTo = async (/** @type {RegExp} */ words) => {
    await card(words).waitFor({ timeout: 60_000 });
    await page.keyboard.press('Control+Alt+Shift+A');
    await workbench.approvals.locator('li.approval:focus').waitFor();
    for (let step = 0; step < 5; step++) {
      if ((await workbench.approvals.locator('li.approval:focus').filter({ hasText: words }).count()) > 0) break;
      await page.keyboard.press('ArrowDown');
    }
    await workbench.approvals.locator('.approvals:not(.is-fresh) li.approval:focus').filter({ hasText: words }).waitFor();
  };

  await scenario.step('An orchestrator is given a goal from the tree', async () => {
    await workbench.show();
    await page.getByRole('tab', { name: 'Plue', exact: true }).click();
    await page.getByRole('button', { name: 'New Task', exact: true }).click({ timeout: 60_000 });
    await pick(workbench, 'New Task', 'Orchestrator');
    await form().getByRole('textbox', { name: 'Goal' }).fill(goal, { timeout: 60_000 });
    await form()
      .getByText(/large-2.*\$5.*\$25/)
      .first()
      .waitFor();
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('The tree shows its three subtasks, two of which ask for approval', async () => {
    await form().getByRole('button', { name: 'Start' }).click();
    await row(/Fix the dates.*waiting for approval/).waitFor({ timeout: 60_000 });
    await row(/Check the dates.*waiting for approval/).waitFor({ timeout: 60_000 });
    await row(/Describe the dates/).waitFor();
    await page.getByRole('button', { name: '2 approvals pending' }).waitFor();
  });

  await scenario.look('The panel of the orchestrator has no accessibility findings', async () =>
    requireAccessible(await workbench.chatFrame()),
  );

  await scenario.step('A command is allowed with the keyboard alone', async () => {
    await goTo(/printf checked/);
    await requireAccessible(await workbench.approvalsFrame());
  });

  await scenario.step('The command has run', async () => {
    await page.keyboard.press('y');
    await card(/printf checked/).waitFor({ state: 'detached' });
    await workbench.until(async () => existsSync(inWorkspace('checked.txt')));
  });

  await scenario.step('A rule is shown before it is stored, and then edits of that file are not asked again', async () => {
    await goTo(/src\/dates\.js/);
    await page.keyboard.press('a');
    await workbench.approvals.getByText('Always allow:').waitFor();
  });

  await scenario.step('The subtask that exceeds its budget waits, and its work is kept', async () => {
    await viewAllLines(workbench.approvals);
    await workbench.approvals.locator('.approvals:not(.is-fresh)').waitFor();
    await page.keyboard.press('a');
    await row(/Fix the dates.*limit reached/).waitFor({ timeout: 60_000 });
    assert.match(source(), /daysOf/);
    assert.match(source(), /% 400/);
  });

  await scenario.step('Another is stopped from its row', async () => {
    await onRow(/Describe the dates/, /^Stop/);
    await row(/Describe the dates.*stopped/).waitFor();
  });

  await scenario.step('A task that reached its limit gets a larger budget from its row', async () => {
    await onRow(/Fix the dates/, /^Increase Budget/);
    await type(workbench, 'Increase Budget', '10');
  });

  await scenario.step('It continues, and the orchestrator returns its result', async () => {
    await row(/Fix the dates.*done/).waitFor({ timeout: 60_000 });
    await row(/^Make the dates.*done/).waitFor({ timeout: 60_000 });
  });

  await scenario.step('The panel shows its agents, what they cost and who ran when', async () => {
    await row(/^Make the dates/).click();
    await form().getByRole('button', { name: 'Task details' }).click();
    await form().getByRole('region', { name: 'Timeline' }).waitFor();
    await form().getByText('Show as table').click();
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('Its result follows the last message, and the changed files are above the composer', async () => {
    const result = form().getByRole('region', { name: 'Result' });
    await result.getByText('The dates are fixed.').waitFor();
    await form().getByRole('region', { name: 'Changed files' }).getByRole('button', { name: 'Keep all changes' }).waitFor();
  });

  await scenario.step('The panel of the subtask that changed the file', async () => {
    await row(/Fix the dates/).click();
    // The previous panel also contains the file name.
    await form()
      .getByRole('heading', { level: 1, name: /Fix the dates/ })
      .waitFor();
    const result = form().getByRole('region', { name: 'Result' });
    await result.getByRole('button', { name: 'Undo src/dates.js' }).waitFor();
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('All changes are reviewed in one editor, none shown as renamed, with buttons for all of them', async () => {
    await workbench.command('Plue: Review Agent Changes');
    const entries = page.locator('.multiDiffEntry');
    await entries.nth(1).waitFor({ timeout: 30_000 });
    await entries.locator('.view-line', { hasText: '% 400' }).first().waitFor();
    const statuses = await entries.locator('.status').allTextContents();
    assert.ok(!statuses.includes('R'), statuses.join());
    await page
      .getByRole('button', { name: /^Keep All Changes/ })
      .first()
      .waitFor();
    await page
      .getByRole('button', { name: /^Undo All Changes/ })
      .first()
      .waitFor();
  });

  await scenario.step('Its changes are reviewed side by side', async () => {
    await page.keyboard.press('Control+w');
    await form().getByRole('button', { name: 'Review src/dates.js' }).first().click();
    await page.locator('.monaco-diff-editor .modified .view-line', { hasText: '% 400' }).waitFor();
    await page
      .getByRole('button', { name: /^Undo Change/ })
      .first()
      .waitFor();
  });

  await scenario.step('One change is rejected with a key, the other stays', async () => {
    await page.locator('.monaco-diff-editor .modified .view-line', { hasText: '% 400' }).click();
    await page.keyboard.press('Control+Alt+N');
    await workbench.until(async () => !source().includes('% 400'));
    assert.match(source(), /daysOf/);
  });

  await scenario.step('A turn is undone, and files that its command created are gone', async () => {
    await workbench.command('Plue: Undo File Changes of a Turn');
    await pick(workbench, 'Undo File Changes of a Turn', 'Check the dates');
    await workbench.until(async () => !existsSync(inWorkspace('checked.txt')));
    assert.match(source(), /daysOf/);
  });

  await scenario.step('A turn with a rejected change is undone as well', async () => {
    await workbench.command('Plue: Undo File Changes of a Turn');
    await pick(workbench, 'Undo File Changes of a Turn', 'Fix the dates');
    await workbench.until(async () => source() === dates);
  });

  const chats = () => readdirSync(join(workbench.plueHome, 'codices', 'chats')).filter((name) => name.endsWith('.jsonl'));

  await scenario.step('An agent is chosen in the composer of a chat, with the model that its template or the user chooses', async () => {
    await workbench.command('Plue: New Chat');
    await send(workbench, 'Which dates are wrong?');
    await form().getByText('All of them.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    await form()
      .getByRole('button', { name: /^Template:/ })
      .click();
    await form()
      .getByRole('menuitem', { name: /^Docs writer/ })
      .click();
    await form().getByRole('button', { name: 'Provider and model of the task: Chosen by template' }).click();
    await form()
      .getByRole('option', { name: /small-1/ })
      .first()
      .click();
    await form()
      .getByRole('button', { name: /^Provider and model of the task: .*small-1/ })
      .waitFor();
    await requireAccessible(await workbench.chatFrame());
    await workbench.screenshot(inArtifacts('screenshots', 'agents-agent-in-composer.png'));
  });

  await scenario.step('The chat becomes its task in place, keeps its messages, and leaves the chats', async () => {
    const before = chats();
    await composer(workbench).fill('List the dates.');
    await page.keyboard.press('Enter');
    await form().getByRole('region', { name: 'Result' }).getByText('The dates are listed.').waitFor({ timeout: 60_000 });
    await form().getByText('All of them.').waitFor();
    await form().getByRole('region', { name: 'Task', exact: true }).getByText('small-1').waitFor();
    await row(/^Dates.*done/).waitFor();
    assert.deepEqual(chats(), before);
    await requireAccessible(await workbench.chatFrame());
    await workbench.screenshot(inArtifacts('screenshots', 'agents-task-of-a-chat.png'));
  });

  await scenario.step('It continues as the chat that it was', async () => {
    await form().getByRole('button', { name: 'Chat menu' }).click();
    await form().getByRole('menuitem', { name: 'Continue as Chat' }).click();
    await form().getByRole('region', { name: 'Task', exact: true }).waitFor({ state: 'detached' });
    await form()
      .getByRole('button', { name: /^Template: Chat/ })
      .waitFor();
    await form().getByText('List the dates.').first().waitFor();
  });

  await scenario.step('All agents are stopped at once', async () => {
    await workbench.command('Plue: New Task…');
    await pick(workbench, 'New Task', 'Docs writer');
    await form().getByRole('textbox', { name: 'Goal' }).fill('Write the manual.', { timeout: 60_000 });
    await form().getByRole('button', { name: 'Start' }).click();
    await row(/^Write the manual.*running/).waitFor({ timeout: 60_000 });
    await workbench.command('Plue: Stop All Agents');
    await row(/^Write the manual.*stopped/).waitFor();
  });

  await scenario.step('One that works when the window closes finishes, and the next window says so', async () => {
    await onRow(/^Write the manual/, /^Resume/);
    await row(/^Write the manual.*running/).waitFor();
    await workbench.restart(async () => {
      assert.equal(workbench.detachedSidecars().length, 1);
      docs.open();
      await workbench.until(() => Promise.resolve(workbench.detachedSidecars().length === 0));
    });
    ({ page } = workbench);
    await page.getByRole('tab', { name: 'Plue', exact: true }).click();
    await row(/^Write the manual.*done/).waitFor({ timeout: 60_000 });
    await page.getByRole('button', { name: '1 task ended while the window was closed' }).click();
    await pick(workbench, 'Tasks that ended while the window was closed', 'Write the manual.');
    await form().getByText('Write the manual.').first().waitFor();
  });

  await scenario.visual('The tree and the panel in light', async () => {
    workbench.setTheme('Light Modern');
    await workbench.reload();
    await row(/^Make the dates/).click();
    await form().getByRole('region', { name: 'Result' }).waitFor({ timeout: 60_000 });
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.visual('The tree and the panel in high contrast', async () => {
    workbench.setTheme('Default High Contrast');
    await workbench.reload();
    await form().getByRole('button', { name: 'Task details' }).click({ timeout: 60_000 });
    await form().getByRole('region', { name: 'Timeline' }).waitFor();
    await requireAccessible(await workbench.chatFrame());
    workbench.setTheme('Dark Modern');
  });
}

/** Returns an agent's next round, based on the agent and on finished calls. @param {any} asked @param {ReturnType<typeof gate>} docs */
async function replyOf(asked, docs) {
  const system = String(asked.messages[0]?.content ?? '');
  const results = asked.messages.filter((/** @type {{role: string}} */ message) => message.role === 'tool').length;
  if (asked.tools === undefined) return { text: 'Dates' };
  const call = (/** @type {string} */ name, /** @type {object} */ parameters) => ({ calls: [{ name, parameters }] });
  if (system.includes('You are an orchestrator')) {
    if (results === 0) {
      return {
        text: 'Three parts, side by side.',
        calls: [
          {
            name: 'spawn_task',
            parameters: { template: 'task-code-writer', goal: 'Fix the dates in src/dates.js.', budget: { rounds: 3, usd: 0.2 } },
          },
          {
            name: 'spawn_task',
            parameters: { template: 'task-test-writer', goal: 'Check the dates with a command.', budget: { usd: 0.2 } },
          },
          { name: 'spawn_task', parameters: { template: 'task-docs-writer', goal: 'Describe the dates.', budget: { usd: 0.2 } } },
        ],
        tokens: { input: 4000, output: 300 },
      };
    }
    return call('finish', { summary: 'The dates are fixed.', results: [{ goal: 'Fix the dates', outcome: 'done' }] });
  }
  const said = JSON.stringify(asked.messages);
  if (said.includes('List the dates')) return call('finish', { summary: 'The dates are listed.', files_changed: [] });
  if (said.includes('Which dates are wrong')) return { text: 'All of them.' };
  if (said.includes('Fix the dates in')) {
    if (results === 0) return call('read', { path: 'src/dates.js' });
    if (results === 1) return call('edit', { path: 'src/dates.js', ...firstEdit });
    if (results === 2) return call('edit', { path: 'src/dates.js', ...secondEdit });
    return call('finish', { summary: 'Both functions are right now.', files_changed: ['src/dates.js'], checks: [] });
  }
  if (said.includes('Check the dates with')) {
    if (results === 0) return call('bash', { command: 'printf checked > checked.txt' });
    return call('finish', { summary: 'Checked.', files_changed: ['checked.txt'], tests: [] });
  }
  await docs.opened;
  return call('finish', { summary: 'The dates are described.', files_changed: [] });
}

/** @param {ScriptedEndpoint} endpoint */
function catalog(endpoint) {
  const model = (/** @type {string} */ id, /** @type {number} */ input, /** @type {number} */ output) => ({
    id,
    name: id,
    cost_per_1m_in: input,
    cost_per_1m_out: output,
    cost_per_1m_in_cached: 0,
    cost_per_1m_out_cached: 0,
    context_window: 200_000,
    default_max_tokens: 4_000,
    can_reason: false,
    supports_attachments: false,
  });
  return {
    name: 'House',
    id: 'house',
    type: 'openai-compat',
    api_key: '',
    api_endpoint: endpoint.url,
    default_large_model_id: 'large-2',
    default_small_model_id: 'small-1',
    models: [model('large-2', 5, 25), model('small-1', 0.1, 0.4)],
  };
}

function gate() {
  let open = () => {};
  const opened = new Promise((resolve) => (open = () => resolve(undefined)));
  return { open, opened };
}
