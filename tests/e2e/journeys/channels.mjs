// The tree of chats: what a person does with a chat that is not in front.
import assert from 'node:assert/strict';
import { ask, composer, untilFinished } from '../runner/chatPage.mjs';

/** @param {import('../runner/journey.mjs').Journey} journey */
export default async function (journey) {
  const workbench = await journey.open({ env: { PLUE_OPEN_CHAT: '1' } });
  const { page } = workbench;
  const row = (/** @type {string} */ title) => page.getByRole('treeitem', { name: new RegExp(title) });
  const menu = async (/** @type {string} */ title, /** @type {string} */ entry) => {
    await row(title).click({ button: 'right' });
    // By key: a menu ignores the mouse for a moment after it opened.
    await page.getByRole('menuitem', { name: entry }).hover();
    await page.keyboard.press('Enter');
  };

  await journey.step('A chat appears in the tree under its title', async () => {
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Hello tree');
    await untilFinished(workbench);
    await page.getByRole('tab', { name: 'Plue', exact: true }).click();
    await row('Hello tree').waitFor();
  });

  await journey.step('A chat can be renamed from its row', async () => {
    await menu('Hello tree', 'Rename');
    await page.locator('.quick-input-widget input').fill('A better name');
    await page.keyboard.press('Enter');
    await row('A better name').waitFor();
  });

  await journey.step('An archived chat moves to its own group, and back', async () => {
    await menu('A better name', 'Archive');
    await row('Archived').waitFor();
    await row('Archived').click();
    await row('A better name').waitFor();
    await menu('A better name', 'Move out of Archive');
    await row('Archived').waitFor({ state: 'detached' });
    await row('A better name').waitFor();
  });

  await journey.step('Deleting asks first, and Cancel deletes nothing', async () => {
    await menu('A better name', 'Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await row('A better name').waitFor();
  });

  await journey.step('A deleted chat is gone from the tree and its panel closes', async () => {
    await menu('A better name', 'Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await row('A better name').waitFor({ state: 'detached' });
    await page.locator('iframe.webview').waitFor({ state: 'detached' });
    assert.equal(await page.locator('.tabs-container .tab').count(), 0);
  });
}
