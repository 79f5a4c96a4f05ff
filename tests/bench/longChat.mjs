// The chat page with a chat of 10,000 messages, in a browser alone: how soon it shows the end, how its frames come while somebody
// scrolls through all of it, and what it holds meanwhile. The panel is played here, and answers as soon as it is asked.
//   node tests/bench/longChat.mjs     prints the figures
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { requireChromium } from '../../scripts/lib/chromium.mjs';
import { inRoot } from '../../scripts/lib/paths.mjs';

export const manyMessages = 10_000;

/**
 * @typedef {{openMs: number, frames: number, slowFrames: number, longestFrameMs: number, mostNodes: number, heapMb: number, blankFrames: number}} Scrolled
 * @typedef {Scrolled & {workPerFrameMs: number}} LongChatFigures
 * @returns {Promise<LongChatFigures>}
 */
export async function measureLongChat() {
  const args = ['--no-sandbox', '--enable-precise-memory-info', '--js-flags=--expose-gc'];
  const browser = await chromium.launch({ executablePath: await requireChromium(), args });
  try {
    const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
    const out = inRoot('extension', 'out', 'webview');
    await page.setContent(
      '<!DOCTYPE html><html><body class="vscode-dark"><main id="app" data-codex-id="codex://chats/long"></main></body></html>',
    );
    await page.addStyleTag({ content: readFileSync(`${out}/chat.css`, 'utf8') });
    await page.evaluate(playPanel, manyMessages);
    await page.addScriptTag({ content: readFileSync(`${out}/chat.js`, 'utf8') });
    await page.locator('article').first().waitFor();
    // What the page's thread worked itself, however busy the machine is with other things.
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const worked = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000;
    };
    const before = await worked();
    const figures = await page.evaluate(scrollThrough);
    return { ...figures, workPerFrameMs: ((await worked()) - before) / figures.frames };
  } finally {
    await browser.close();
  }
}

/** In the page: what a panel would answer. @param {number} total */
function playPanel(total) {
  const answers = [
    'The parser checks the day against 31 for every month.',
    '## What happens\n\n1. The text is split at the hyphens.\n2. Each number is read.\n3. The day is compared with **31**.\n\nSo `2024-02-30` passes.',
    '```ts\nexport function daysIn(month: number, year: number): number {\n  const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];\n  return days[month - 1] ?? 0;\n}\n```\n\nThis knows the months.',
    '| month | days |\n| --- | ---: |\n| January | 31 |\n| February | 28 or 29 |\n\n> A leap year has one day more.',
    'A long paragraph tells how dates were written in other times and places, and why the numbers moved. '.repeat(12),
  ];
  const createdAt = '2026-11-21T08:00:00Z';
  const messageAt = (/** @type {number} */ index) => ({
    id: `m${index}`,
    role: index % 2 === 0 ? 'user' : 'assistant',
    status: 'complete',
    createdAt,
    parts: [
      {
        kind: 'text',
        content:
          index % 2 === 0 ? `Question ${index}: why does it parse?` : `Answer ${index}. ${answers[((index - 1) / 2) % answers.length]}`,
      },
    ],
  });
  const range = (/** @type {number} */ offset, /** @type {number} */ limit) =>
    Array.from({ length: limit }, (_, at) => messageAt(offset + at));
  const codex = {
    uri: 'codex://chats/long',
    templateId: 'ai-chat',
    title: 'A long chat',
    status: 'idle',
    createdAt,
    updatedAt: createdAt,
    messageCount: total,
    archived: false,
    fallbacks: [],
    options: {},
    tags: [],
    pinned: false,
    unread: false,
    version: 1,
  };
  const none = { queue: [], canUndo: true, canRedo: false, contextFiles: [], lastSeq: 0 };
  const tell = (/** @type {unknown} */ data) => setTimeout(() => window.postMessage(data, '*'), 4);
  Object.assign(window, {
    began: performance.now(),
    acquireVsCodeApi: () => ({
      getState: () => undefined,
      setState: () => undefined,
      postMessage: (/** @type {any} */ message) => {
        if (message.type === 'ready')
          tell({ type: 'snapshot', providers: [], chat: { codex, messages: range(total - 100, 100), offset: total - 100, ...none } });
        if (message.type === 'list')
          tell({ type: 'range', generation: message.generation, offset: message.offset, messages: range(message.offset, message.limit) });
      },
    }),
  });
}

/** In the page: from the end to the beginning and back, first as with a wheel and then by long throws. @returns {Promise<Scrolled>} */
async function scrollThrough() {
  const openMs = performance.now() - Reflect.get(window, 'began');
  const scroller = document.querySelector('.messages');
  if (!(scroller instanceof HTMLElement)) throw new Error('The page has no messages.');
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  /** @type {number[]} */
  const took = [];
  let [mostNodes, blankFrames] = [0, 0];
  const view = scroller.getBoundingClientRect();
  const go = async (/** @type {number} */ frames, /** @type {() => void} */ move) => {
    let last = await frame();
    for (let at = 0; at < frames; at++) {
      move();
      const now = await frame();
      took.push(now - last);
      last = now;
      mostNodes = Math.max(mostNodes, document.getElementsByTagName('*').length);
      const seen = document.elementFromPoint(view.left + view.width / 2, view.top + view.height / 2);
      if (seen?.closest('article, .articles') == null) blankFrames++;
    }
  };
  await go(600, () => (scroller.scrollTop -= 60));
  await go(600, () => (scroller.scrollTop -= scroller.scrollHeight / 600));
  await go(300, () => (scroller.scrollTop += 60));
  await go(300, () => (scroller.scrollTop += scroller.scrollHeight / 300));
  Reflect.get(window, 'gc')?.();
  const heapMb = Reflect.get(performance, 'memory').usedJSHeapSize / 1024 ** 2;
  return {
    openMs,
    frames: took.length,
    slowFrames: took.filter((ms) => ms > 2 * (1000 / 60)).length,
    longestFrameMs: Math.max(...took),
    mostNodes,
    heapMb,
    blankFrames,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(await measureLongChat(), null, 2));
