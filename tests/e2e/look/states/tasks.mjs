// Agents at work: one that asks, one over its budget, one that fails, one that finished together with its subtasks, and a tree of a hundred.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sidecarUnderTest } from '../../../../scripts/lib/publish.mjs';
import { startSidecar } from '../../../bench/sidecar.mjs';
import { writeLocalServer } from '../../runner/localServer.mjs';
import { pick } from '../../runner/prompts.mjs';
import { ScriptedEndpoint } from '../../runner/scriptedEndpoint.mjs';
import { pages } from '../../runner/workbench.mjs';
import { closeEditors } from '../album.mjs';

export const views = ['task', 'tree', 'approvals'];

const goal = 'Make the dates right. Then check them, describe them, and say of each function in which calendar it holds and since when.';

/** @param {import('../album.mjs').Album} album @param {import('../states.mjs').Open} open */
export async function photograph(album, open) {
  const endpoint = await new ScriptedEndpoint().start();
  const docs = gate();
  endpoint.reply = (asked) => replyOf(asked, docs);
  const workbench = await open({ prepare: (home) => furnish(home, endpoint) });
  try {
    if (album.wants('tree')) await growTree(workbench.plueHome);
    await workbench.show();
    await workbench.command('View: Close Primary Side Bar');
    await pose(album, workbench, docs, endpoint);
  } finally {
    docs.open();
    await workbench.close();
    await endpoint.stop();
  }
}

/** @param {string} home @param {ScriptedEndpoint} endpoint */
function furnish(home, endpoint) {
  const model = (/** @type {string} */ id, /** @type {number} */ input, /** @type {number} */ output) => ({
    ...{ id, name: id, cost_per_1m_in: input, cost_per_1m_out: output, cost_per_1m_in_cached: 0, cost_per_1m_out_cached: 0 },
    ...{ context_window: 200_000, default_max_tokens: 4_000, can_reason: false, supports_attachments: false },
  });
  const catalog = {
    ...{ name: 'House', id: 'house', type: 'openai-compat', api_key: '', api_endpoint: endpoint.url },
    ...{ default_large_model_id: 'large-2', default_small_model_id: 'small-1' },
    models: [model('large-2', 5, 25), model('small-1', 0.1, 0.4)],
  };
  mkdirSync(join(home, 'catalog'), { recursive: true });
  writeFileSync(join(home, 'catalog', 'house.json'), JSON.stringify(catalog));
  writeLocalServer(home, endpoint, { name: 'House large', catalog_provider: 'house', model: 'large-2' });
  writeLocalServer(home, endpoint, { name: 'House small', catalog_provider: 'house', model: 'small-1' }, 'small');
  writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "small" }');
  mkdirSync(join(home, 'templates'), { recursive: true });
  writeFileSync(
    join(home, 'templates', 'child.json5'),
    '{ id: "child", name: "Child", version: "1.0.0", parent_template: "task", available_tools: [] }',
  );
  const source = join(home, '..', 'workspace', 'src');
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, 'dates.js'), 'export const isLeap = (year) => year % 4 === 0;\n');
}

/** Creates a hundred tasks in three generations. @param {string} home */
async function growTree(home) {
  const sidecar = await startSidecar({ command: await sidecarUnderTest(), args: ['serve'], env: { PLUE_HOME: home } });
  try {
    const spawn = async (/** @type {string} */ words, /** @type {string | undefined} */ parentId) =>
      (await sidecar.ask('task/spawn', { templateId: 'child', goal: words, parentId, provider: 'small' })).uri;
    for (let top = 1; top <= 4; top++) {
      const parent = await spawn(`Part ${top} of the great work, which has a long name`, undefined);
      for (let child = 1; child <= 4; child++) {
        const middle = await spawn(`Chapter ${top}.${child}: everything that belongs to it`, parent);
        for (let leaf = 1; leaf <= 5; leaf++) await spawn(`Page ${top}.${child}.${leaf}`, middle);
      }
    }
    for (const deadline = Date.now() + 120_000; ; await delay(200)) {
      const { tasks } = await sidecar.ask('task/list', {});
      const under = tasks.filter((/** @type {{status: string}} */ { status }) => !['done', 'failed'].includes(status));
      if (under.length === 0) break;
      if (Date.now() > deadline) throw new Error(`${under.length} of ${tasks.length} tasks do not end; one is ${under[0].status}.`);
    }
  } finally {
    await sidecar.end();
  }
}

/** @param {import('../album.mjs').Album} album @param {import('../../runner/workbench.mjs').Workbench} workbench @param {ReturnType<typeof gate>} docs @param {ScriptedEndpoint} endpoint */
async function pose(album, workbench, docs, endpoint) {
  const { page, chat } = workbench;
  const row = (/** @type {string | RegExp} */ title) => page.getByRole('treeitem', { name: new RegExp(title) });
  const closeAll = () => closeEditors(workbench);
  const showTree = () => workbench.command('View: Show Plue');
  const hideTree = () => workbench.command('View: Close Primary Side Bar');
  /** Opens the panel of a task and gives it the whole window. */
  const openTask = async (/** @type {RegExp} */ title) => {
    await closeAll();
    await showTree();
    // In a narrow side bar, the actions of the row are in its middle.
    await row(title).first().locator('.label-name').click();
    // The page of a closed editor is removed a moment later.
    await workbench.until(
      async () =>
        (await page.locator(pages.editor).count()) === 1 &&
        (await chat
          .getByRole('region', { name: 'Task', exact: true })
          .isVisible()
          .catch(() => false)),
    );
    await hideTree();
  };
  /** Buttons are disabled for a moment after the page changed. */
  const allowOnce = async () => {
    const first = chat.locator('.approval').first();
    const wordsOf = async () => (await first.locator('.exact-text').allInnerTexts()).join();
    const words = await wordsOf();
    await workbench.until(async () => {
      if ((await wordsOf()) !== words) return true;
      // An earlier click may have answered it.
      await first
        .getByRole('button', { name: 'Allow Once' })
        .click({ timeout: 5_000 })
        .catch(() => undefined);
      return false;
    });
  };
  const start = async (/** @type {string} */ template, /** @type {string} */ words) => {
    await workbench.command('Plue: New Task…');
    await pick(workbench, 'New Task', template);
    await chat.getByRole('textbox', { name: 'Goal' }).fill(words, { timeout: 60_000 });
  };

  await page.getByRole('button', { name: /Plue: House large/ }).waitFor({ timeout: 60_000 });
  await start('Orchestrator', goal);
  await album.learnThemes(workbench);
  await album.take(workbench, 'task', 'new');
  await chat.getByText('More', { exact: true }).click();
  await album.take(workbench, 'task', 'new-more');

  await album.scene(['tree'], async () => {
    await showTree();
    await row(/^Page 4\.1\.5/).waitFor();
    await album.takeWindow(workbench, 'tree', 'hundred-tasks', { part: '.part.sidebar' });
    await hideTree();
  });

  await closeAll();
  await start('Orchestrator', goal);
  await chat.getByRole('button', { name: 'Start' }).click();
  await showTree();
  const tree = row(/^Make the dates/).first();
  await tree.waitFor({ timeout: 60_000 });
  // A click on the row would open the task, which takes keyboard focus.
  if ((await tree.getAttribute('aria-expanded')) !== 'true') await tree.locator('.monaco-tl-twistie').click();
  await row(/Fix the dates.*waiting for approval/).waitFor({ timeout: 60_000 });
  await row(/Check the dates.*waiting for approval/).waitFor({ timeout: 60_000 });
  await hideTree();
  await album.scene(['approvals'], async () => {
    await workbench.command('Plue: Show Approvals');
    await workbench.approvals.locator('.approvals:not(.is-fresh) .approval').first().waitFor();
    await album.take(workbench, 'approvals', 'two-agents', { place: 'view' });
    await hideTree();
  });
  await album.scene(['task'], async () => {
    await openTask(/^Make the dates/);
    await album.take(workbench, 'task', 'running-with-agents');
    await openTask(/Check the dates/);
    await chat.locator('.approvals:not(.is-fresh) .approval').first().waitFor();
    await album.take(workbench, 'task', 'waiting-for-approval');
    await allowOnce();
    await openTask(/Fix the dates/);
    for (let edit = 0; edit < 2; edit++) {
      await chat.locator('.approvals:not(.is-fresh) .approval').first().waitFor();
      await allowOnce();
    }
    await chat
      .getByText(/limit reached/i)
      .first()
      .waitFor({ timeout: 60_000 });
    await album.take(workbench, 'task', 'over-budget');
    docs.open();
    await showTree();
    await row(/Fix the dates.*limit reached/)
      .first()
      .hover();
    await row(/Fix the dates.*limit reached/)
      .first()
      .getByRole('button', { name: /^Increase Budget/ })
      .click();
    await page.locator('.quick-input-widget input').first().fill('10');
    await page.keyboard.press('Enter');
    await row(/^Make the dates.*done/).waitFor({ timeout: 60_000 });
    await openTask(/^Make the dates/);
    await chat.getByRole('button', { name: 'Task details' }).click();
    await chat.getByRole('region', { name: 'Timeline' }).waitFor();
    await album.take(workbench, 'task', 'finished');
    await chat.getByText('Show as table').click();
    await album.take(workbench, 'task', 'finished-table', { again: () => chat.getByText('Show as table').scrollIntoViewIfNeeded() });
    await closeAll();
    endpoint.key = 'sk-another-one';
    await start('Docs writer', 'Fail at once.');
    await chat.getByRole('button', { name: 'Start' }).click();
    await showTree();
    await row(/^Fail at once.*failed/).waitFor({ timeout: 60_000 });
    await openTask(/^Fail at once/);
    await album.take(workbench, 'task', 'failed');
  });
}

const edit = (/** @type {string} */ old, /** @type {string} */ text) => ({
  calls: [{ name: 'edit', parameters: { path: 'src/dates.js', old, new: text } }],
});

/** Returns an agent's next round, based on the agent and on finished calls. @param {any} asked @param {ReturnType<typeof gate>} docs */
async function replyOf(asked, docs) {
  if (asked.tools === undefined) return { text: 'Done.' };
  const said = JSON.stringify(asked.messages);
  const done = asked.messages.filter((/** @type {{role: string}} */ { role }) => role === 'tool').length;
  const spawn = (/** @type {string} */ template, /** @type {string} */ words, /** @type {object} */ budget) => ({
    name: 'spawn_task',
    parameters: { template, goal: words, budget },
  });
  const finish = (/** @type {object} */ more) => ({ calls: [{ name: 'finish', parameters: more }] });
  if (/(Part|Chapter|Page) \d/.test(said)) return finish({ summary: 'It is written.' });
  if (String(asked.messages[0]?.content).includes('You are an orchestrator')) {
    if (done > 0) return finish({ summary: 'The dates are fixed.', results: [{ goal: 'Fix the dates', outcome: 'done' }] });
    return {
      text: 'Three parts, side by side.',
      calls: [
        spawn('task-code-writer', 'Fix the dates in src/dates.js.', { rounds: 3, usd: 0.2 }),
        spawn('task-test-writer', 'Check the dates with a command.', { usd: 0.2 }),
        spawn('task-docs-writer', 'Describe the dates.', { usd: 0.2 }),
      ],
      tokens: { input: 4000, output: 300 },
    };
  }
  if (said.includes('Fix the dates in')) {
    if (done === 0) return { calls: [{ name: 'read', parameters: { path: 'src/dates.js' } }] };
    if (done === 1) return edit('year % 4 === 0;', 'year % 4 === 0 && year % 100 !== 0;');
    if (done === 2) return edit('year % 100 !== 0;', '(year % 100 !== 0 || year % 400 === 0);');
    return finish({ summary: 'It is right now.', files_changed: ['src/dates.js'], checks: [] });
  }
  if (said.includes('Check the dates with')) {
    if (done === 0) return { calls: [{ name: 'bash', parameters: { command: 'printf checked > checked.txt' } }] };
    return finish({ summary: 'Checked.', files_changed: ['checked.txt'], tests: [] });
  }
  await docs.opened;
  return finish({ summary: 'The dates are described.', files_changed: [] });
}

function gate() {
  let open = () => {};
  const opened = new Promise((resolve) => (open = () => resolve(undefined)));
  return { open, opened };
}
