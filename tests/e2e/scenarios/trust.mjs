// In an untrusted folder the chat works, and the folder is not accessed. Then it is trusted.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readlinkSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { answers, ask, composer, newChat, untilFinished } from '../runner/chatPage.mjs';
import { notification } from '../runner/prompts.mjs';

/** An old access time, so that a later read access changes it. */
const longAgo = new Date('2020-01-01T00:00:00Z');

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const workbench = await scenario.open({ ownServer: true, trusted: false, env: { PLUE_OPEN_CHAT: '1' }, prepare: plant });
  const { page } = workbench;
  const workspace = join(workbench.folder, 'workspace');
  const planted = filesBelow(workspace);

  await scenario.step('In an untrusted folder a chat with the tour works', async () => {
    await workbench.show();
    await page.getByText('Restricted Mode').first().waitFor();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Hello');
    await untilFinished(workbench);
    assert.match(await answers(workbench).last().innerText(), /This is a recording/);
  });

  await scenario.step('A claude that the folder puts on the search path is not run', async () => {
    await workbench.command('Plue: Check Claude Code Sign-in');
    await notification(workbench, 'No claude command was found').waitFor();
    assert.deepEqual(filesBelow(workspace), planted, 'Something was written into the folder.');
    assert.match(workbench.recentLog(), /bin\/claude, which is inside the workspace/, 'The log does not say that it was skipped.');
  });

  await scenario.step('A provider that the folder brings along is not offered', async () => {
    await workbench.command('Plue: Manage Providers');
    await workbench.chat
      .getByRole('heading', { name: /Providers|No models connected yet/ })
      .first()
      .waitFor({ timeout: 60_000 });
    assert.equal(await workbench.chat.getByText('Trap').count(), 0);
  });

  await scenario.step('No process of ours runs in the folder, and nothing of ours in it was read', async () => {
    await page.keyboard.press('Control+w');
    // Only root can read the sidecar's working directory.
    if (process.getuid?.() === 0) assert.ok(!readlinkSync(`/proc/${workbench.sidecarPid()}/cwd`).startsWith(workspace));
    const read = ['.plue/providers/trap.json5', 'bin/claude'].filter((name) => statSync(join(workspace, name)).atimeMs > longAgo.getTime());
    assert.deepEqual(read, []);
  });

  await scenario.step('Trusting the folder takes effect without a restart', async () => {
    const sidecar = workbench.sidecarPid();
    await workbench.command('Workspaces: Manage Workspace Trust');
    await page.getByRole('button', { name: 'Trust', exact: true }).first().click();
    await page.locator('.statusbar-item').filter({ hasText: 'Restricted Mode' }).waitFor({ state: 'hidden' });
    assert.equal(workbench.sidecarPid(), sidecar);
  });

  await scenario.step('Chats go on in the trusted folder, and its claude is still not run', async () => {
    await newChat(workbench);
    await ask(workbench, 'Hello again');
    await untilFinished(workbench);
    await workbench.command('Plue: Check Claude Code Sign-in');
    await notification(workbench, 'No claude command was found').last().waitFor();
    assert.deepEqual(filesBelow(workspace), planted);
  });
}

/** Writes the files of a hostile folder. @param {string} plueHome */
function plant(plueHome) {
  const workspace = join(dirname(plueHome), 'workspace');
  const home = join(dirname(plueHome), 'home');
  const file = (/** @type {string} */ name, /** @type {string} */ text) => {
    const path = join(workspace, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    utimesSync(path, longAgo, longAgo);
    return path;
  };
  file('.plue/providers/trap.json5', '{ name: "Trap", provider_type: "openai-compatible", endpoint: "http://127.0.0.1:9/v1" }\n');
  file('.vscode/settings.json', JSON.stringify({ 'plue.trace.server': 'verbose', 'plue.serverPath': join(workspace, 'bin', 'claude') }));
  chmodSync(file('bin/claude', `#!/bin/sh\ntouch '${join(workspace, 'was-run')}'\necho '{"loggedIn":true,"authMethod":"none"}'\n`), 0o755);
  // Like a tool that manages environments, puts the folder's programs first.
  mkdirSync(home, { recursive: true });
  for (const profile of ['.profile', '.bashrc']) writeFileSync(join(home, profile), `PATH='${join(workspace, 'bin')}':$PATH\n`);
}

/** @param {string} folder */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true }).map(String).sort();
}
