// Importing chats from another program.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answers } from '../runner/chatPage.mjs';
import { asked, pick } from '../runner/prompts.mjs';

const at = (/** @type {number} */ second) => new Date(Date.UTC(2026, 1, 1, 10, 0, second)).toISOString();
const session = [
  { type: 'user', uuid: 'u1', parentUuid: null, message: { role: 'user', content: 'Which file is the largest?' }, timestamp: at(0) },
  {
    type: 'assistant',
    uuid: 'a1',
    parentUuid: 'u1',
    message: { id: 'm1', model: 'claude-opus-9', content: [{ type: 'tool_use', id: 't1', name: 'Bash', input: { command: 'ls -S' } }] },
    timestamp: at(1),
  },
  {
    type: 'user',
    uuid: 'r1',
    parentUuid: 'a1',
    message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'whale.txt' }] },
    timestamp: at(2),
  },
  {
    type: 'assistant',
    uuid: 'a2',
    parentUuid: 'r1',
    message: { id: 'm2', model: 'claude-opus-9', content: [{ type: 'text', text: 'It is **whale.txt**.' }] },
    timestamp: at(3),
  },
  { type: 'user', uuid: 's1', parentUuid: null, isSidechain: true, message: { role: 'user', content: 'aside' }, timestamp: at(4) },
];

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const workbench = await scenario.open();
  const { page } = workbench;
  const sessions = join(workbench.folder, 'home', '.claude', 'projects', '-somewhere');
  mkdirSync(sessions, { recursive: true });
  writeFileSync(join(sessions, 'one.jsonl'), session.map((line) => `${JSON.stringify({ ...line, sessionId: 'one' })}\n`).join(''));

  await scenario.step('Sessions of Claude Code on this machine are listed', async () => {
    await workbench.show();
    await workbench.command('Plue: Import Chats…');
    await pick(workbench, 'Import Chats', 'Claude Code');
    await asked(workbench, 'Import from Claude Code');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Which file is the largest?' }).waitFor();
  });

  await scenario.step('A chosen one opens as a chat with its tools', async () => {
    // The list opened under the mouse, and a hover would cover a row.
    await page.mouse.move(900, 600);
    await page.locator('.hover-contents').waitFor({ state: 'hidden' });
    await page.locator('.quick-input-list .monaco-list-row').first().click();
    await page.locator('.quick-input-widget').getByRole('button', { name: 'OK' }).click();
    await answers(workbench).filter({ hasText: 'It is whale.txt.' }).waitFor();
    await answers(workbench).filter({ hasText: 'Bash' }).waitFor();
  });
}
