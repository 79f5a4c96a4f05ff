// A new user's first minutes: nothing is configured, so the tour responds.
import assert from 'node:assert/strict';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, ask, composer, isStreaming, stop, untilFinished } from '../runner/chatPage.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const workbench = await scenario.open({ env: { PLUE_OPEN_CHAT: '1' } });

  await scenario.step('A first start has a chat panel ready', async () => {
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
  });

  await scenario.step('The tour responds and shows that it is a recording', async () => {
    await ask(workbench, 'Hello, what is this?');
    await untilFinished(workbench);
    assert.match(await answers(workbench).last().innerText(), /This is a recording/);
  });

  await scenario.step('An answer is seen while it streams', async () => {
    await ask(workbench, 'Show me some code');
    await isStreaming(workbench);
    const answer = answers(workbench).last();
    const early = (await answer.innerText()).length;
    await workbench.until(async () => (await answer.innerText()).length > early);
  });

  await scenario.step('Reasoning, a tool call and code are shown in the finished answer', async () => {
    await untilFinished(workbench);
    await workbench.chat.locator('pre code').first().waitFor();
  });

  await scenario.step('An answer can be stopped and keeps what had arrived', async () => {
    await ask(workbench, 'Show me some code again');
    await isStreaming(workbench);
    await stop(workbench);
    await workbench.chat.getByText('Stopped.').waitFor();
    await untilFinished(workbench);
  });

  const before = async () => (await workbench.chat.locator('article').allInnerTexts()).map((text) => text.trim());
  await scenario.step('A reload of the window shows the same chat, and the draft is kept', async () => {
    const said = await before();
    await composer(workbench).fill('A question that is not sent yet');
    await workbench.reload();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await workbench.until(async () => (await before()).length === said.length);
    assert.equal(await composer(workbench).inputValue(), 'A question that is not sent yet');
    await composer(workbench).fill('');
  });

  for (const theme of /** @type {const} */ (['Dark Modern', 'Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`The panel has no serious accessibility finding in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.show();
      await workbench.chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await workbench.chat.locator('article').first().waitFor();
      await requireAccessible(await workbench.chatFrame());
    });
  }

  await scenario.look('The panel has no serious accessibility finding', async () => requireAccessible(await workbench.chatFrame()));

  await scenario.look('No request leaves the webview', async () => {
    assert.ok(workbench.requests.count() > 0, 'The watch saw no request at all.');
    assert.deepEqual(await workbench.requests.leaks(), []);
  });
}
