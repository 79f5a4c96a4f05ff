// Search in all chats: typing, filters, keyboard, and opening a result.
import assert from 'node:assert/strict';
import { requireAccessible } from '../runner/accessibility.mjs';
import { ask, composer, newChat, untilFinished } from '../runner/chatPage.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const workbench = await scenario.open({ env: { PLUE_OPEN_CHAT: '1' } });
  const { page } = workbench;
  // The search has the only visible tab.
  const search = () => workbench.chat;
  const box = () => search().getByRole('searchbox', { name: 'Search all chats' });
  const hits = () => search().locator('.hit');
  const found = async (/** @type {string} */ words) => {
    await search().locator('.count', { hasText: words }).waitFor();
    await search().getByText('Searching…').waitFor({ state: 'detached' });
  };

  await scenario.step('The search opens by its key and shows a hint', async () => {
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'What is a zebra made of?');
    await untilFinished(workbench);
    await ask(workbench, 'And where do quaggas live?');
    await untilFinished(workbench);
    await newChat(workbench);
    await ask(workbench, 'Tell me of the zebra and the gnu');
    await untilFinished(workbench);
    await page.keyboard.press('Control+Alt+Shift+F');
    await box().waitFor();
    await search().getByText('Type words or a quoted phrase').waitFor();
  });

  await scenario.step('Hits come by chat while one types, with the found text marked', async () => {
    await box().fill('zebra');
    await found('2 chats');
    assert.ok((await hits().count()) >= 2);
    assert.match((await search().locator('mark').first().textContent()) ?? '', /zebra/i);
  });

  await scenario.step('Filters narrow what is found', async () => {
    const before = await hits().count();
    await search().getByRole('combobox', { name: 'Author' }).selectOption('user');
    await search().getByRole('button', { name: 'Remove Filters' }).waitFor();
    await workbench.until(async () => (await search().getByText('Searching…').count()) === 0);
    assert.ok((await hits().count()) <= before);
    await search().getByRole('combobox', { name: 'Date' }).selectOption('custom');
    await search()
      .getByRole('textbox', { name: 'To' })
      .or(search().getByLabel('To', { exact: true }))
      .first()
      .fill('2001-01-01');
    await search().getByText('No results found for “zebra”.').waitFor();
  });

  await scenario.step('Nothing found offers to remove the filters', async () => {
    await search().locator('.note').getByRole('button', { name: 'Remove Filters' }).click();
    await found('2 chats');
  });

  await scenario.step('The search is there after a reload of the window', async () => {
    await workbench.reload();
    await box().waitFor({ timeout: 60_000 });
    await found('2 chats');
    assert.equal(await box().inputValue(), 'zebra');
  });

  await scenario.look('The search page has no accessibility findings', async () => requireAccessible(await workbench.chatFrame()));

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`The search page in ${theme}`, async () => {
      workbench.setTheme(theme);
      await workbench.reload();
      await box().waitFor({ timeout: 60_000 });
      await found('2 chats');
      await requireAccessible(await workbench.chatFrame());
    });
  }

  await scenario.step('The keyboard goes through the results, and Enter opens the chat at the message', async () => {
    await box().fill('quaggas');
    await found('1 chat');
    await box().press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('tab', { name: /zebra made of/ }).waitFor();
    await workbench.chat.getByRole('article').filter({ hasText: 'quaggas live' }).first().waitFor();
    await workbench.until(async () => {
      const frame = await workbench.chatFrame();
      return frame.evaluate(() => document.activeElement?.textContent?.includes('quaggas live') === true);
    });
  });
}
