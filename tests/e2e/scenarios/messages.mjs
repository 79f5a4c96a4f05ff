// Actions on one message, each in its own step.
import assert from 'node:assert/strict';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, ask, composer, untilFinished } from '../runner/chatPage.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const workbench = await scenario.open({ env: { PLUE_OPEN_CHAT: '1' } });
  const { chat } = workbench;
  const questions = () => chat.getByRole('article', { name: 'Your message' });
  const item = (/** @type {string} */ name) => chat.getByRole('menuitem', { name });

  await scenario.step('Two questions are answered', async () => {
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Hello, what is this?');
    await untilFinished(workbench);
    await ask(workbench, 'Show me some code');
    await untilFinished(workbench);
  });

  await scenario.step('The details of an answer unfold below it', async () => {
    await answers(workbench).last().hover();
    await answers(workbench).last().getByRole('button', { name: 'Details' }).click();
    await answers(workbench).last().getByText('Provider', { exact: true }).waitFor();
  });

  await scenario.step('A message has a menu under the pointer', async () => {
    await questions()
      .last()
      .click({ button: 'right', position: { x: 120, y: 12 } });
    await item('Fork from Here').waitFor();
  });

  await scenario.step('A question is changed in place and asked again in a new branch', async () => {
    await item('Edit…').click();
    const editor = chat.getByRole('textbox', { name: 'Edit your message' });
    await editor.fill('Show me other code');
    await editor.press('Enter');
    await questions().filter({ hasText: 'Show me other code' }).waitFor();
    await untilFinished(workbench);
    await chat.getByText('2/2').first().waitFor();
  });

  await scenario.step('The branch before is one click away', async () => {
    await chat.getByRole('button', { name: 'Previous version' }).first().click();
    await questions().filter({ hasText: 'Show me some code' }).waitFor();
    await chat.getByText('1/2').first().waitFor();
  });

  await scenario.step('A retried response is a branch beside the first one', async () => {
    await answers(workbench).last().hover();
    await answers(workbench).last().getByRole('button', { name: 'Retry' }).click();
    await untilFinished(workbench);
    await answers(workbench).last().getByText('2/2').waitFor();
  });

  await scenario.step('A deleted message comes back with Undo', async () => {
    await questions().last().hover();
    await questions().last().getByRole('button', { name: 'More Actions' }).click();
    await item('Delete').click();
    await workbench.until(async () => (await questions().count()) === 1);
    await chat.getByRole('button', { name: 'Undo' }).click();
    await workbench.until(async () => (await questions().count()) === 2);
  });

  await scenario.step('Find counts and marks matches in the chat', async () => {
    await composer(workbench).focus();
    await workbench.page.keyboard.press('Control+f');
    await chat.getByRole('textbox', { name: 'Find in chat' }).fill('code');
    await chat
      .locator('.find-count')
      .filter({ hasText: /^\d+ of \d+$/ })
      .waitFor();
    await workbench.page.keyboard.press('Escape');
  });

  await scenario.step('The chat’s menu undoes the last turn and redoes it', async () => {
    const menu = chat.getByRole('button', { name: 'Chat menu' });
    await menu.click();
    await item('Undo Last Turn').click();
    await workbench.until(async () => (await questions().count()) === 1);
    await menu.click();
    await item('Redo').click();
    await workbench.until(async () => (await questions().count()) === 2);
  });

  await scenario.step('A fork opens as a separate chat', async () => {
    const tabs = () => workbench.page.locator('.tabs-container .tab').count();
    const before = await tabs();
    await questions().last().hover();
    await questions().last().getByRole('button', { name: 'More Actions' }).click();
    await item('Fork from Here').click();
    await workbench.until(async () => (await tabs()) > before);
    await questions().first().waitFor();
    assert.equal(await questions().count(), 2);
  });

  for (const theme of /** @type {const} */ (['Dark Modern', 'Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`Messages have no serious accessibility finding in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.show();
      await chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await chat.locator('article').first().waitFor();
      await answers(workbench).last().hover();
      await answers(workbench).last().getByRole('button', { name: 'Details' }).click();
      await requireAccessible(await workbench.chatFrame());
    });
  }
}
