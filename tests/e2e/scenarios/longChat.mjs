// A chat with 10,000 messages opens at its end, scrolls, finds text in distant messages, and restores its scroll position.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { dotnetRoot } from '../../../scripts/lib/prerequisites.mjs';
import { say } from '../../../scripts/lib/progress.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { composer } from '../runner/chatPage.mjs';

const many = 10_000;
const maker = process.env.PLUE_CHAT_MAKER ?? inRoot('artifacts', 'bin', 'ChatMaker', 'debug', 'ChatMaker.dll');

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  if (!existsSync(maker)) return scenario.skip('A chat of 10,000 messages opens at its end', 'the chat maker of the tests is not built');
  const workbench = await scenario.open({
    prepare: (home) => {
      execFileSync(join(dotnetRoot(), 'dotnet'), [maker, 'make', home, '1', String(many), '400'], { stdio: 'ignore', timeout: 300_000 });
    },
  });
  const { chat } = workbench;
  const article = (/** @type {number} */ number) => chat.locator(`article[aria-posinset="${number}"]`);
  const page = () => workbench.chatFrame();

  await scenario.step('A chat of 10,000 messages opens at its end', async () => {
    await workbench.show();
    await workbench.page.getByRole('tab', { name: 'Plue', exact: true }).click();
    const row = (/** @type {string} */ words) => workbench.page.locator('.pane-body .monaco-list-row').filter({ hasText: words });
    await row('Older').click();
    await row(' 0').last().click();
    await article(many).waitFor({ timeout: 120_000 });
    assert.ok((await chat.locator('article').count()) < 80);
  });

  await scenario.step('It scrolls through all of it with few elements and nothing blank', async () => {
    const figures = await (await page()).evaluate(scrollThrough);
    say(`    ${JSON.stringify(figures)}`);
    assert.ok(figures.mostNodes < 6000, `${figures.mostNodes} elements in the page`);
    assert.ok(figures.blank < figures.frames / 10, `${figures.blank} of ${figures.frames} frames showed nothing`);
  });

  await scenario.step('Home and End lead to the first and the last message', async () => {
    await chat.getByRole('log', { name: 'Messages' }).focus();
    await workbench.page.keyboard.press('Home');
    await article(1).waitFor();
    assert.equal(await article(1).getAttribute('aria-setsize'), String(many));
    await workbench.page.keyboard.press('End');
    await article(many).waitFor();
  });

  await scenario.step('Find leads to a message that was not loaded', async () => {
    await composer(workbench).focus();
    await workbench.page.keyboard.press('Control+f');
    await chat.getByRole('textbox', { name: 'Find in chat' }).fill('xylophone');
    await article(many / 2 + 1).waitFor();
    await chat.locator('.find-count').filter({ hasText: '1 of 1' }).waitFor();
    await workbench.page.keyboard.press('Escape');
  });

  await scenario.step('Alt+Up and Alt+Down go from question to question', async () => {
    await workbench.page.keyboard.press('Alt+ArrowUp');
    await (await page()).waitForFunction(() => document.activeElement?.getAttribute('aria-posinset') === '4999');
  });

  await scenario.step('A reload comes back to the same place', async () => {
    const first = () => page().then((frame) => frame.evaluate(firstInView));
    // The position is stored a moment after the last movement.
    await workbench.page.waitForTimeout(500);
    const before = await first();
    await workbench.reload();
    await workbench.until(async () => (await first().catch(() => '')) === before, 60_000);
  });

  await scenario.look('A long chat has no serious accessibility finding', async () => requireAccessible(await page()));
}

/** Returns the ID of the message at the top of the view. */
function firstInView() {
  const view = document.querySelector('.messages')?.getBoundingClientRect();
  const articles = [...document.querySelectorAll('article')];
  return articles.find((article) => article.getBoundingClientRect().bottom > (view?.top ?? 0) + 24)?.dataset['messageId'] ?? '';
}

async function scrollThrough() {
  const scroller = document.querySelector('.messages');
  if (!(scroller instanceof HTMLElement)) throw new Error('The page has no messages.');
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  /** @type {number[]} */
  const took = [];
  let [mostNodes, blank] = [0, 0];
  const view = scroller.getBoundingClientRect();
  let last = await frame();
  for (let at = 0; at < 600; at++) {
    scroller.scrollTop -= at < 300 ? 60 : scroller.scrollHeight / 400;
    const now = await frame();
    took.push(now - last);
    last = now;
    mostNodes = Math.max(mostNodes, document.getElementsByTagName('*').length);
    const drawn = [...document.querySelectorAll('.articles > *')];
    if (!drawn.some((node) => node.getBoundingClientRect().bottom > view.top && node.getBoundingClientRect().top < view.bottom)) blank++;
  }
  const memory = Reflect.get(performance, 'memory');
  return {
    frames: took.length,
    slowShare: took.filter((ms) => ms > 2 * (1000 / 60)).length / took.length,
    longestMs: Math.max(...took),
    mostNodes,
    blank,
    heapMb: Math.round((memory?.usedJSHeapSize ?? 0) / 1024 ** 2),
  };
}
