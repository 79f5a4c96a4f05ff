// The extension host is killed during a chat. The page reports it, offers to reload the window, and typed and sent text is kept.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, ask, composer, isStreaming, send, untilFinished } from '../runner/chatPage.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const sentence = 'A response that streams when the extension host is killed: the page says so within seconds';
  if (!existsSync('/proc/self/exe')) return scenario.skip(sentence, 'the extension host is found through /proc, which is not here');
  const workbench = await scenario.open({ ownServer: true, env: { PLUE_OPEN_CHAT: '1' } });
  const { chat, page } = workbench;
  const notice = () => chat.getByRole('alert').filter({ hasText: 'extension host does not respond' });
  const questions = () => chat.getByRole('article', { name: 'Your message' });
  /** The sidecar is a child of the extension host. */
  const hostPid = () => {
    const pid = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${workbench.sidecarPid()}/status`, 'utf8'))?.[1];
    assert.match(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /extensionHost/);
    return Number(pid);
  };
  const reload = async () => {
    const loaded = page.waitForEvent('load', { timeout: 60_000 });
    await notice().getByRole('link', { name: 'Reload Window' }).click();
    await loaded;
    await page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
    await composer(workbench).waitFor({ timeout: 60_000 });
  };

  await scenario.step(sentence, async () => {
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Show me some code');
    await isStreaming(workbench);
    // Text is stored a moment after it is shown; this much has been stored.
    await workbench.until(async () => (await answers(workbench).last().innerText()).length > 150);
    await composer(workbench).fill('A draft of mine');
    process.kill(hostPid(), 'SIGKILL');
    await notice().waitFor({ timeout: 25_000 });
    await chat.getByRole('button', { name: 'Plue does not respond; the draft is kept' }).waitFor();
    assert.equal(await chat.getByRole('button', { name: /^Stop/ }).count(), 0, 'A Stop that does nothing.');
  });

  await scenario.look('The notice has no serious accessibility finding', async () => {
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step(
    'Its button reloads the window: the draft is there, and the response is neither interrupted nor stopped',
    async () => {
      await reload();
      assert.equal(await composer(workbench).inputValue(), 'A draft of mine');
      await untilFinished(workbench);
      assert.equal(await questions().count(), 1);
      assert.equal(await chat.getByText(/Interrupted/).count(), 0);
      assert.equal(await chat.getByText('Stopped.').count(), 0);
    },
  );

  await scenario.step('A message that is sent to a host that is dead already goes back into the draft', async () => {
    const pid = hostPid();
    await composer(workbench).fill('This must not be lost');
    await chat.locator('button[aria-label^="Send"][aria-disabled="false"]').waitFor();
    process.kill(pid, 'SIGKILL');
    await composer(workbench).press('Enter');
    assert.equal(await composer(workbench).inputValue(), '');
    await notice().waitFor({ timeout: 25_000 });
    assert.equal(await composer(workbench).inputValue(), 'This must not be lost');
  });

  await scenario.step('After the reload it is in the draft, once, and can be sent', async () => {
    await reload();
    await chat.locator('button[aria-label^="Send"][aria-disabled="false"]').waitFor({ timeout: 60_000 });
    assert.equal(await composer(workbench).inputValue(), 'This must not be lost');
    assert.equal(await questions().filter({ hasText: 'This must not be lost' }).count(), 0);
  });

  await scenario.step('A window that is reloaded right after Send has the message in the chat or in the draft, never in both', async () => {
    const pid = hostPid();
    await composer(workbench).press('Enter');
    process.kill(pid, 'SIGKILL');
    await notice().waitFor({ timeout: 25_000 });
    await reload();
    await chat.locator('article').first().waitFor({ timeout: 60_000 });
    await chat.locator('button[aria-label^="Send"]').waitFor({ timeout: 60_000 });
    const isInDraft = (await composer(workbench).inputValue()) === 'This must not be lost';
    const inChat = await questions().filter({ hasText: 'This must not be lost' }).count();
    assert.equal((isInDraft ? 1 : 0) + inChat, 1);
    await send(workbench, isInDraft ? 'This must not be lost' : 'Go on');
    await isStreaming(workbench);
  });
}
