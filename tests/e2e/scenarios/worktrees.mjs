// Two agents change the same line in worktrees. Their changes are reviewed and merged in the window of the main checkout, and the conflict is resolved there.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { composer, newChat } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { asked, notification } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';
import { pages } from '../runner/workbench.mjs';

const prices = 'export const currency = "USD";\nexport const rate = 1;\n\n// Nothing changes here.\n\nexport const tax = 0;\n';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = replyOf;
  const workbench = await scenario.open({
    prepare: (home) => {
      writeLocalServer(home, endpoint, { name: 'Local', model: 'large-2' });
      writeLocalServer(home, endpoint, { name: 'Local small', model: 'small-1' }, 'small');
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "small" }');
      const workspace = join(home, '..', 'workspace');
      mkdirSync(join(workspace, 'src'), { recursive: true });
      writeFileSync(join(workspace, 'src', 'prices.js'), prices);
      git(workspace, 'init', '--quiet', '--initial-branch=main');
      git(workspace, 'config', 'user.name', 'Test');
      git(workspace, 'config', 'user.email', 'test@example.org');
      git(workspace, 'add', '--all');
      git(workspace, 'commit', '--quiet', '-m', 'First');
    },
  });
  try {
    await runSteps(scenario, workbench);
  } finally {
    await endpoint.stop();
  }
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {import('../runner/workbench.mjs').Workbench} workbench */
async function runSteps(scenario, workbench) {
  const { page } = workbench;
  const form = () => workbench.chat;
  const workspace = join(workbench.folder, 'workspace');
  const source = () => readFileSync(join(workspace, 'src', 'prices.js'), 'utf8');
  const row = (/** @type {RegExp} */ title) => page.getByRole('treeitem', { name: title });
  const dialog = () => page.locator('.monaco-dialog-box');
  const place = () => form().getByRole('region', { name: 'Worktree' });
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `worktrees-${name}.png`));
  const chooseAgent = async () => {
    await form()
      .getByRole('button', { name: /^Template:/ })
      .click({ timeout: 60_000 });
    await form()
      .getByRole('menuitem', { name: /^Code writer/ })
      .click();
    await form()
      .getByRole('button', { name: /^Mode:/ })
      .click();
    await form()
      .getByRole('menuitem', { name: /^Auto-Edit/ })
      .click();
  };
  const worktrees = () => {
    const folder = join(workbench.plueHome, 'worktrees', 'workspace');
    return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  };

  await scenario.step('The place of work can be chosen for an agent, not for a chat', async () => {
    await workbench.show();
    await page.getByRole('tab', { name: 'Plue', exact: true }).click();
    await workbench.command('Plue: New Chat');
    await composer(workbench).waitFor({ timeout: 60_000 });
    assert.equal(
      await form()
        .getByRole('button', { name: /^Work in:/ })
        .count(),
      0,
    );
    await chooseAgent();
    await form().getByRole('button', { name: 'Work in: This Folder' }).click({ timeout: 30_000 });
    await form()
      .getByRole('menuitem', { name: /^New Worktree/ })
      .waitFor();
    await requireAccessible(await workbench.chatFrame());
    await picture('choice');
    await form()
      .getByRole('menuitem', { name: /^New Worktree/ })
      .click();
    await form().getByRole('button', { name: 'Work in: New Worktree' }).waitFor();
  });

  await scenario.step('Two agents change the same line, each in its own worktree', async () => {
    await startTask(workbench, 'Set the rate to two');
    await row(/^Set the rate to two.*in a git worktree.*/).waitFor({ timeout: 60_000 });
    await place().waitFor({ timeout: 60_000 });
    await workbench.command('Plue: New Chat');
    await form().getByRole('region', { name: 'Getting started' }).waitFor();
    await chooseAgent();
    await form().getByRole('button', { name: 'Work in: This Folder' }).click({ timeout: 30_000 });
    await form()
      .getByRole('menuitem', { name: /^New Worktree/ })
      .click();
    await startTask(workbench, 'Set the rate to three');
    await row(/^Set the rate to three.*in a git worktree.*/).waitFor({ timeout: 60_000 });
    await place().waitFor({ timeout: 60_000 });
    assert.equal(source(), prices);
    assert.equal(worktrees().length, 2);
    await requireAccessible(await workbench.chatFrame());
    await picture('result');
  });

  await scenario.step('The changes of both are reviewed in this window, and one is undone', async () => {
    await workbench.command('Plue: Review Agent Changes');
    const entries = page.locator('.multiDiffEntry');
    await entries.nth(1).waitFor({ timeout: 30_000 });
    await picture('review-all');
    await page.keyboard.press('Control+w');
    await form().getByRole('button', { name: 'Review src/prices.js' }).first().click();
    const diff = page.locator('.monaco-diff-editor .modified');
    await diff.locator('.view-line', { hasText: 'rate = 3' }).waitFor({ timeout: 30_000 });
    await picture('review');
    await diff.locator('.view-line', { hasText: 'tax = 3' }).click();
    await page
      .getByRole('button', { name: /^Undo Change/ })
      .first()
      .click();
    await workbench.until(async () =>
      worktrees().every((folder) => !/tax = 3/.test(readFileSync(join(folder, 'src', 'prices.js'), 'utf8'))),
    );
    await page.keyboard.press('Control+w');
  });

  await scenario.step('All changes since the branch began are shown', async () => {
    await place().getByRole('button', { name: 'Show Changes' }).click();
    await page.locator('.multiDiffEntry .view-line', { hasText: 'rate = 3' }).waitFor({ timeout: 30_000 });
    await page.keyboard.press('Control+w');
  });

  await scenario.step('The first is merged with a suggested commit message', async () => {
    await row(/^Set the rate to two/).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Merge Worktree…' }).waitFor();
    await picture('menu');
    await page.getByRole('menuitem', { name: 'Merge Worktree…' }).click();
    await asked(workbench, 'Merge plue/set-the-rate-to-two');
    await page.locator('.quick-input-widget').getByRole('button', { name: 'Generate Commit Message' }).click();
    const input = page.locator('.quick-input-widget input[type="text"]').first();
    await workbench.until(async () => (await input.inputValue()) === 'Double the rate');
    await picture('message');
    await input.press('Enter');
    await notification(workbench, /Merged plue\/set-the-rate-to-two/).waitFor({ timeout: 60_000 });
    assert.match(source(), /rate = 2/);
    assert.match(git(workspace, 'log', '--format=%s'), /^Double the rate$/m);
  });

  await scenario.step('The merged worktree is removed from the notification', async () => {
    await notification(workbench, /Merged/)
      .getByRole('button', { name: 'Remove Worktree…' })
      .click();
    await dialog().getByRole('button', { name: 'Remove' }).click();
    await notification(workbench, /deleted the merged branch/).waitFor({ timeout: 60_000 });
    assert.equal(worktrees().length, 1);
  });

  await scenario.step('The second has a conflict, which opens in the merge editor', async () => {
    await place().getByRole('button', { name: 'Merge…' }).click();
    await asked(workbench, 'Merge plue/set-the-rate-to-three');
    await page.locator('.quick-input-widget input[type="text"]').first().press('Enter');
    await notification(workbench, /has conflicts in 1 file/).waitFor({ timeout: 60_000 });
    await page.locator('.merge-editor').waitFor({ timeout: 30_000 });
    await page
      .getByText(/1 Conflict Remaining/)
      .first()
      .waitFor({ timeout: 30_000 });
    await picture('conflict');
  });

  await scenario.step('The conflict is resolved and committed as after any merge', async () => {
    await page.locator('.merge-editor').getByText('Accept Incoming').first().click();
    await page.getByRole('button', { name: 'Complete Merge' }).click();
    await workbench.until(async () => git(workspace, 'diff', '--name-only', '--diff-filter=U').trim() === '');
    git(workspace, 'commit', '--quiet', '--no-edit');
    assert.match(source(), /rate = 3/);
    // Of the first: the change of the second was undone.
    assert.match(source(), /tax = 2/);
  });

  await scenario.step('The second worktree is removed from its page, which says so', async () => {
    // The page of the merge editor is still there, hidden.
    const shown = page.locator(pages.editor).filter({ visible: true }).contentFrame().frameLocator('#active-frame');
    await shown.getByRole('button', { name: /^Remove/ }).click();
    await dialog().getByRole('button', { name: 'Remove' }).click();
    await shown.getByText('Its worktree was removed').waitFor({ timeout: 60_000 });
    assert.deepEqual(worktrees(), []);
    assert.equal(git(workspace, 'branch', '--list', 'plue/*'), '');
  });

  for (const [theme, name] of /** @type {const} */ ([
    ['Light Modern', 'light'],
    ['Default High Contrast', 'contrast'],
  ])) {
    await scenario.visual(`The choice and the row in the theme ${theme}`, async () => {
      workbench.setTheme(theme);
      await workbench.reload();
      await newChat(workbench);
      await chooseAgent();
      await form().getByRole('button', { name: 'Work in: This Folder' }).click({ timeout: 30_000 });
      await form()
        .getByRole('menuitem', { name: /^New Worktree/ })
        .click();
      await startTask(workbench, `Set the rate to four in ${name}`);
      await place().waitFor({ timeout: 60_000 });
      await requireAccessible(await workbench.chatFrame());
      await picture(`result-${name}`);
    });
  }
}

/** @param {import('../runner/workbench.mjs').Workbench} workbench @param {string} goal */
async function startTask(workbench, goal) {
  await composer(workbench).fill(goal);
  await workbench.chat.locator('button[aria-label^="Start Task"][aria-disabled="false"]').waitFor();
  await composer(workbench).press('Enter');
}

/** Returns an agent's next round. @param {any} asked */
async function replyOf(asked) {
  const said = JSON.stringify(asked.messages);
  if (said.includes('Write the commit message')) return { text: 'Double the rate\n\nThe old one was too low.' };
  const goal = /Set the rate to \w+/.exec(said)?.[0] ?? 'Rate';
  if (asked.tools === undefined) return { text: goal };
  const results = asked.messages.filter((/** @type {{role: string}} */ message) => message.role === 'tool').length;
  const call = (/** @type {string} */ name, /** @type {object} */ parameters) => ({ calls: [{ name, parameters }] });
  const value = said.includes('rate to two') ? 2 : said.includes('rate to three') ? 3 : 4;
  if (results === 0) return call('read', { path: 'src/prices.js' });
  const now = said.includes('rate to four') ? /rate = (\d)/.exec(said)?.[1] : '1';
  if (results === 1) return call('edit', { path: 'src/prices.js', old: `rate = ${now};`, new: `rate = ${value};` });
  if (results === 2) return call('edit', { path: 'src/prices.js', old: 'tax = 0;', new: `tax = ${value};` });
  return call('finish', { summary: `The rate is ${value} now.`, files_changed: ['src/prices.js'], checks: [] });
}

/** @param {string} folder @param {string[]} args */
function git(folder, ...args) {
  return execFileSync('git', args, { cwd: folder, encoding: 'utf8' });
}
