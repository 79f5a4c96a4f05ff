// Switch to Plue: data of other programs is found, selected, imported, and the whole import is undone.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts, inRoot } from '../../../scripts/lib/paths.mjs';
import { asked, notification, type } from '../runner/prompts.mjs';

const passphrase = 'correct horse battery staple';
const key = 'sk-test-0123456789abcdef0123456789';
const serverKey = 'tracker-0123456789abcdef0123456789';
const agent = `---
name: reviewer
description: Reviews a change.
tools: Read, Grep
---
You review code.
`;

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const workbench = await scenario.open({ forgetsSecrets: true });
  const { page } = workbench;
  const user = join(workbench.folder, 'home');
  const samples = inRoot('tests', 'Plue.Server.Tests', 'Transfer', 'Samples');
  const chats = join(user, '.gemini', 'tmp', 'project', 'chats', 'session-1.jsonl');
  const database = join(user, '.local', 'share', 'opencode', 'opencode.db');
  for (const [sample, target] of [
    ['gemini-cli.jsonl', chats],
    ['opencode.db', database],
  ]) {
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(join(samples, sample), target);
  }
  write(join(user, '.claude', 'agents', 'reviewer.md'), agent);
  write(join(user, '.claude', 'commands', 'fix.md'), 'Fix $ARGUMENTS');
  write(join(user, '.codex', 'auth.json'), JSON.stringify({ OPENAI_API_KEY: key }));
  write(
    join(user, '.cursor', 'mcp.json'),
    JSON.stringify({ mcpServers: { tracker: { command: '/bin/sh', args: ['-c', 'true'], env: { TRACKER_API_KEY: serverKey } } } }),
  );

  const rows = () => page.locator('.quick-input-list .monaco-list-row');
  const row = (/** @type {string} */ words) => rows().filter({ hasText: words });
  const select = async (/** @type {string} */ words) => {
    const box = row(words).first().getByRole('checkbox');
    await row(words).first().click();
    await workbench.until(() => box.isChecked());
  };
  const accept = () => page.locator('.quick-input-widget').getByRole('button', { name: 'OK' }).click();
  const dialog = () => page.locator('.monaco-dialog-box');
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `switch-${name}.png`));
  const home = (/** @type {string[]} */ ...names) => join(workbench.plueHome, ...names);
  const documents = (/** @type {string} */ collection) => (existsSync(home(collection)) ? readdirSync(home(collection)) : []);

  await scenario.step('Data of other programs is listed by program and kind, with nothing selected', async () => {
    await workbench.show();
    await workbench.command('Plue: Switch to Plue…');
    await asked(workbench, 'Switch to Plue');
    await row('Agents').filter({ hasText: 'reviewer' }).waitFor();
    await row('Chats').filter({ hasText: 'Which file is the largest?' }).waitFor();
    await row('Chats').filter({ hasText: 'Largest file' }).waitFor();
    await row('API keys').filter({ hasText: 'OPENAI_API_KEY' }).waitFor();
    await row('MCP servers').filter({ hasText: 'tracker' }).waitFor();
    assert.equal(await rows().locator('input:checked').count(), 0);
    await page.mouse.move(900, 600);
    await notification(workbench, 'Searching other programs').waitFor({ state: 'hidden' });
    await picture('list');
  });

  for (const [name, theme] of /** @type {const} */ ([
    ['light', 'Light Modern'],
    ['contrast', 'Default High Contrast'],
  ])) {
    await scenario.visual(`The list in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.show();
      await page.locator(`.monaco-workbench.${bodyClass === 'vscode-light' ? 'vs' : 'hc-black'}`).waitFor();
      await workbench.command('Plue: Switch to Plue…');
      await asked(workbench, 'Switch to Plue');
      await row('Agents').filter({ hasText: 'reviewer' }).waitFor();
      await notification(workbench, 'Searching other programs').waitFor({ state: 'hidden' });
      await picture(`list-${name}`);
    });
  }

  for (const [name, theme] of /** @type {const} */ ([
    ['contrast', undefined],
    ['light', 'Light Modern'],
    ['dark', 'Dark Modern'],
  ])) {
    await scenario.visual(`The page of Import MCP Servers in ${name}`, async () => {
      if (theme !== undefined) {
        const bodyClass = workbench.setTheme(theme);
        await workbench.show();
        await page.locator(`.monaco-workbench.${bodyClass === 'vscode-light' ? 'vs' : 'vs-dark'}`).waitFor();
      }
      await workbench.command('Plue: Import MCP Servers');
      await asked(workbench, 'Import MCP Servers');
      await row('tracker').filter({ hasText: 'TRACKER_API_KEY' }).waitFor();
      await picture(`servers-${name}`);
    });
  }

  await scenario.step('A key is stored only after a question that names its file and its address', async () => {
    await workbench.command('Plue: Switch to Plue…');
    await asked(workbench, 'Switch to Plue');
    await row('Agents').filter({ hasText: 'reviewer' }).waitFor();
    await select('reviewer');
    await select('Which file is the largest?');
    await select('Largest file');
    await select('OPENAI_API_KEY');
    await select('tracker');
    await accept();
    await dialog().getByText('only for https://api.openai.com').waitFor();
    await dialog().getByText('tracker: TRACKER_API_KEY').waitFor();
    await picture('keys');
    await dialog().getByRole('button', { name: 'Store Keys' }).click();
    await asked(workbench, 'New passphrase for the Plue vault');
    await type(workbench, 'New passphrase for the Plue vault', passphrase);
  });

  await scenario.step('The chosen items are imported, and only those', async () => {
    await notification(workbench, '5 items were imported.').waitFor({ timeout: 60_000 });
    await picture('done');
    assert.deepEqual(documents('templates'), ['reviewer.json5']);
    assert.deepEqual(documents('prompts'), ['reviewer.md']);
    assert.equal(readdirSync(home('codices', 'chats')).filter((name) => name.startsWith('chat_')).length, 2);
    assert.match(readFileSync(home('vault.json'), 'utf8'), /openai/);
    assert.doesNotMatch(readFileSync(home('imports.json'), 'utf8'), new RegExp(`${key}|${serverKey}`));
    assert.match(readFileSync(home('mcp.json5'), 'utf8'), /tracker[^]*vault:\/\//);
    assert.doesNotMatch(readFileSync(home('mcp.json5'), 'utf8'), new RegExp(serverKey));
    assert.equal(readFileSync(join(user, '.claude', 'agents', 'reviewer.md'), 'utf8'), agent);
  });

  await scenario.step('The report lists each item', async () => {
    await notification(workbench, '5 items were imported.').getByRole('button', { name: 'Show Report' }).click();
    await page.locator('.monaco-editor .view-line').filter({ hasText: 'Claude Code, Agents: reviewer' }).waitFor();
  });

  await scenario.step('A second search leaves out what was imported', async () => {
    await workbench.command('Plue: Switch to Plue…');
    await asked(workbench, 'Switch to Plue');
    await row('Prompts').filter({ hasText: 'fix' }).waitFor();
    assert.equal(await rows().filter({ hasText: 'reviewer' }).count(), 0);
    await page.keyboard.press('Escape');
  });

  await scenario.step('The whole import is undone, after a question that names what cannot be restored', async () => {
    await workbench.command('Plue: Undo Import from Other Programs…');
    await dialog().getByText('Keys are deleted from the vault and cannot be restored').waitFor();
    await picture('undo');
    await dialog().getByRole('button', { name: 'Undo Import' }).click();
    await notification(workbench, '7 items were removed.').waitFor({ timeout: 60_000 });
    assert.doesNotMatch(readFileSync(home('mcp.json5'), 'utf8'), /tracker/);
    assert.deepEqual(documents('templates'), []);
    assert.deepEqual(documents('prompts'), []);
    assert.equal(readdirSync(home('codices', 'chats')).filter((name) => name.startsWith('chat_')).length, 0);
    assert.equal(readdirSync(home('trash')).length, 4);
  });
}

/** @param {string} path @param {string} text */
function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
