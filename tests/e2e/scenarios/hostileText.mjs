// Text from a model, another program and a server, in all places where VS Code would turn it into a link, an icon or a request.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { inRoot } from '../../../scripts/lib/paths.mjs';
import { answers, ask, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { notification, pick } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const command = 'command:workbench.action.togglePanel';
const title = `[Fix it](${command}) $(shield)`;
const image = 'https://images.example.org/pixel.png';
const hostileAnswer = `See [the file](away/%5BOpen%5D(${command})).

![a](${image}) <img src="${image}">

\`\`\`mermaid
flowchart TD
  A@{ img: "${image}" }
\`\`\`
`;

const session = [
  { type: 'user', uuid: 'u1', parentUuid: null, message: { role: 'user', content: title }, timestamp: '2026-02-01T10:00:00.000Z' },
  {
    type: 'assistant',
    uuid: 'a1',
    parentUuid: 'u1',
    message: { id: 'm1', model: 'claude-opus-9', content: [{ type: 'text', text: hostileAnswer }] },
    timestamp: '2026-02-01T10:00:01.000Z',
  },
];

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.text = hostileAnswer;
  const workbench = await scenario.open({ prepare: (home) => writeLocalServer(home, endpoint, { auth_type: 'none' }) });
  const { page } = workbench;
  const sessions = join(workbench.folder, 'home', '.claude', 'projects', '-somewhere');
  mkdirSync(sessions, { recursive: true });
  writeFileSync(join(sessions, 'one.jsonl'), session.map((line) => `${JSON.stringify({ ...line, sessionId: 'one' })}\n`).join(''));
  // Checks that no panel opens, which a click on a link would do.
  const readsAsWritten = async (/** @type {string | RegExp} */ words, /** @type {string} */ text) => {
    const toast = notification(workbench, words).first();
    await toast.waitFor();
    const message = toast.locator('.notification-list-item-message');
    assert.ok((await message.innerText()).replaceAll('\u2060', '').includes(text), await message.innerText());
    assert.equal(await message.locator('a').count(), 0);
    assert.equal(await message.locator('.codicon').count(), 0);
    await message.click();
    assert.equal(await page.locator('.part.panel:visible').count(), 0);
    await workbench.command('Notifications: Clear All Notifications');
  };
  const rowReadsAsWritten = async () => {
    const label = page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Fix it' }).locator('.label-name').first();
    await label.waitFor();
    assert.ok((await label.innerText()).replaceAll('\u2060', '').includes(title), await label.innerText());
    assert.equal(await label.locator('.codicon').count(), 0);
  };
  try {
    await scenario.step('A link in a response names a file, and the message about it has no link', async () => {
      await workbench.show();
      await workbench.command('Plue: New Chat');
      await ask(workbench, title);
      await untilFinished(workbench);
      await answers(workbench).last().getByRole('link', { name: 'the file' }).click();
      await readsAsWritten('The workspace folder contains no file', `[Open](${command})`);
    });

    await scenario.step('The title of a chat is text in lists and messages', async () => {
      await workbench.command('Plue: Delete Chat');
      await rowReadsAsWritten();
      await page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Fix it' }).click();
      await readsAsWritten('to the trash', title);
    });

    await scenario.step('The title of an imported chat is text', async () => {
      await workbench.command('Plue: Import Chats…');
      await pick(workbench, 'Import Chats', 'Claude Code');
      await rowReadsAsWritten();
      await page.mouse.move(900, 600);
      await page.locator('.quick-input-list .monaco-list-row').first().click();
      await page.locator('.quick-input-widget').getByRole('button', { name: 'OK' }).click();
      await answers(workbench).filter({ hasText: 'See the file' }).waitFor();
    });

    await scenario.step('A preview of the exported chat loads nothing', async () => {
      /** @type {string[]} */
      const loaded = [];
      page.context().on('request', (request) => request.url().startsWith(image) && loaded.push(request.url()));
      const [journal = ''] = readdirSync(join(workbench.plueHome, 'codices', 'chats')).filter((name) => name.endsWith('.jsonl'));
      const path = join(workbench.folder, 'workspace', 'exported.md');
      const plue = inRoot('scripts', 'plue.mjs');
      const given = ['chats', 'export', basename(journal, '.jsonl'), '--format', 'markdown', '--out', path];
      await promisify(execFile)(process.execPath, [plue, ...given], { env: { ...process.env, PLUE_HOME: workbench.plueHome } });
      await workbench.command('View: Close All Editors');
      await page.getByRole('treeitem', { name: 'exported.md' }).dblclick();
      await page.getByRole('tab', { name: 'exported.md' }).waitFor();
      await workbench.command('Markdown: Open Preview');
      const preview = page.frameLocator('iframe.webview.ready').last().frameLocator('#active-frame');
      await preview.getByText('<img src=').waitFor();
      assert.equal(await preview.locator('img').count(), 0);
      assert.deepEqual(loaded, []);
    });

    await scenario.step('The error of a provider is text', async () => {
      endpoint.manner = 'refuses';
      endpoint.refusal = title;
      await workbench.command('Plue: Test Provider…');
      await page.locator('.quick-input-list .monaco-list-row', { hasText: 'House server' }).click();
      await readsAsWritten('Fix it', title);
    });
  } finally {
    await endpoint.stop();
  }
}
