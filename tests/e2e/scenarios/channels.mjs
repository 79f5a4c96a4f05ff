// The tree of chats: actions on chats in the background, and on several at once.
import assert from 'node:assert/strict';
import { ask, composer, newChat, untilFinished } from '../runner/chatPage.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const workbench = await scenario.open({ env: { PLUE_OPEN_CHAT: '1' } });
  const { page } = workbench;
  const row = (/** @type {string} */ title) => page.getByRole('treeitem', { name: new RegExp(title) });
  const input = () => page.locator('.quick-input-widget input[type="text"]').first();
  const menu = async (/** @type {string} */ title, /** @type {string} */ entry) => {
    await row(title).click({ button: 'right' });
    // Uses the keyboard, because a menu ignores the mouse for a moment after it opened.
    await page.getByRole('menuitem', { name: new RegExp(`^${entry}`) }).hover();
    await page.keyboard.press('Enter');
  };
  /** The group of tasks. */
  const places = ['Agent Tasks', 'No tasks yet'];
  /** Returns headings and rows from top to bottom. */
  const order = async () =>
    (await page.locator('.pane-body [role="treeitem"] .label-name').allTextContents()).filter((text) => text.trim() !== '');
  const chatOf = async (/** @type {string} */ question) => {
    await newChat(workbench);
    await ask(workbench, question);
    await untilFinished(workbench);
  };

  await scenario.step('A chat appears in the tree under today and its title', async () => {
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Hello tree');
    await untilFinished(workbench);
    await page.getByRole('tab', { name: 'Plue', exact: true }).click();
    await row('Hello tree').waitFor();
    await row('No tasks yet').waitFor();
    assert.deepEqual(await order(), ['Today', 'Hello tree', ...places]);
  });

  await scenario.step('A chat can be renamed from its row', async () => {
    await menu('Hello tree', 'Rename Chat…');
    await input().fill('A better name');
    await page.keyboard.press('Enter');
    await row('A better name').waitFor();
  });

  await scenario.step('A pinned chat is above the days', async () => {
    await chatOf('Second of the tree');
    await row('Second of the tree').waitFor();
    await menu('A better name', 'Pin Chat');
    await row('Pinned').waitFor();
    assert.deepEqual(await order(), ['Pinned', 'A better name', 'Today', 'Second of the tree', ...places]);
  });

  await scenario.step('Tags are typed once and shown in the row', async () => {
    await menu('A better name', 'Edit Chat Tags…');
    await input().fill('garden');
    await page.keyboard.press('Enter');
    await page.getByRole('treeitem', { name: /A better name.*#garden/ }).waitFor();
  });

  await scenario.step('A filter shows the chats of a tag, and its name', async () => {
    await workbench.command('Plue: Filter Chats…');
    await input().fill('garden');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'garden' }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('1 of 2 chats: tagged garden').waitFor();
    await row('Second of the tree').waitFor({ state: 'detached' });
  });

  await scenario.step('The filter is taken away again', async () => {
    await workbench.command('Plue: Show All Chats');
    await row('Second of the tree').waitFor();
    await page.getByText('1 of 2 chats: tagged garden').waitFor({ state: 'detached' });
  });

  await scenario.step('An archived chat moves to its own group, and back', async () => {
    await menu('A better name', 'Archive Chat');
    await row('Archived').waitFor();
    await row('Archived').click();
    await row('A better name').waitFor();
    await menu('A better name', 'Unarchive Chat');
    await row('Archived').waitFor({ state: 'detached' });
    await row('A better name').waitFor();
  });

  await scenario.step('An unseen response is marked as unread and counted', async () => {
    await chatOf('Third of the tree');
    await ask(workbench, 'And a long answer please');
    await row('A better name').click();
    await page.getByRole('treeitem', { name: /Third of the tree.*unread/ }).waitFor({ timeout: 60_000 });
    await page.locator('.activitybar .badge-content', { hasText: '1' }).waitFor();
  });

  await scenario.step('Many rows are deleted at once', async () => {
    await row('Second of the tree').click();
    // The new chat takes keyboard focus, so wait until it is open before using the tree.
    await page.getByRole('tab', { name: 'Second of the tree', selected: true }).waitFor();
    await composer(workbench).waitFor();
    await row('Third of the tree').click({ modifiers: ['ControlOrMeta'] });
    await workbench.until(async () => (await page.locator('.monaco-list:focus .monaco-list-row.selected').count()) === 2);
    await page.keyboard.press('Delete');
    await row('Third of the tree').waitFor({ state: 'detached' });
    await row('Second of the tree').waitFor({ state: 'detached' });
    await row('Deleted').waitFor();
    // The rows moved under the mouse, and a hover over one would cover the next.
    await page.mouse.move(900, 400);
    await page.locator('.hover-contents').waitFor({ state: 'hidden' });
  });

  await scenario.step('A deleted chat lies in the trash, and is restored from there', async () => {
    await row('Deleted').click();
    await menu('Third of the tree', 'Restore Chat');
    await page.getByRole('treeitem', { name: /Deleted, 1 chat/ }).waitFor();
    await page.getByRole('treeitem', { name: /Third of the tree.*deleted/ }).waitFor({ state: 'detached' });
    await row('Third of the tree').waitFor();
  });

  await scenario.step('A fork is a separate chat', async () => {
    await menu('Third of the tree', 'Fork Chat');
    await workbench.until(async () => (await row('Third of the tree').count()) === 2);
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`The tree in ${theme}`, async () => {
      workbench.setTheme(theme);
      await workbench.reload();
      await row('Pinned').waitFor({ timeout: 60_000 });
    });
  }
}
