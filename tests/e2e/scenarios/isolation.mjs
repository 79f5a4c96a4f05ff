// A window on a server that another window used before is in its initial state.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ask, composer, untilFinished } from '../runner/chatPage.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const vsCode = await scenario.shared();
  /** @type {string[]} */
  let before = [];
  const settings = () => readFileSync(join(vsCode.folder, 'user', 'User', 'settings.json'), 'utf8');

  await scenario.step('A user leaves a mark in every place where VS Code and Plue store data', async () => {
    const workbench = await scenario.open({ trusted: false, env: { PLUE_OPEN_CHAT: '1' } });
    const { page } = workbench;
    before = vsCode.files();
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'A chat of the first window');
    await untilFinished(workbench);
    assert.ok(readdirSync(join(workbench.plueHome, 'codices', 'chats')).length > 0);
    await workbench.command('View: Close Primary Side Bar');
    await workbench.command('View: Focus Problems');
    await page.locator('.part.panel .markers-panel').waitFor();
    // VS Code writes to the settings itself, and keeps what the user typed there.
    await workbench.command('View: Toggle Status Bar Visibility');
    await page.locator('.part.statusbar').waitFor({ state: 'hidden' });
    await workbench.until(async () => settings().includes('statusBar.visible'));
    await workbench.command('Workspaces: Manage Workspace Trust');
    await page.getByRole('button', { name: 'Trust', exact: true }).first().click();
    await page.getByText('You trust this folder').waitFor();
  });

  await scenario.step('The next window has nothing of it', async () => {
    const added = () => vsCode.files().filter((path) => !before.includes(path));
    assert.notDeepEqual(added(), [], 'There is nothing to reset.');
    const workbench = await scenario.open({ trusted: false });
    const { page } = workbench;
    assert.deepEqual(added(), []);
    assert.ok(!settings().includes('statusBar.visible'));
    await workbench.show();
    await page.getByText('Restricted Mode').first().waitFor();
    // This window requested no chat, and has no provider and no chat.
    await page.getByRole('tab', { name: 'Plue', exact: true }).click();
    await page.locator('.welcome-view-content').getByText('Connect a Claude subscription').waitFor({ timeout: 60_000 });
    assert.equal(await page.locator('.part.editor [role="tab"]').count(), 0);
    assert.equal(await page.locator('.part.statusbar').isVisible(), true);
    assert.equal(await page.locator('.part.sidebar').isVisible(), true);
    assert.equal(await page.locator('.part.panel').isVisible(), false);
  });
}
