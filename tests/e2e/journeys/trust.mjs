// A folder that is not trusted: chat works, and the folder is left alone.
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ask, composer, untilFinished } from '../runner/chatPage.mjs';

/** @param {import('../runner/journey.mjs').Journey} journey */
export default async function (journey) {
  const workbench = await journey.open({ trusted: false, env: { PLUE_OPEN_CHAT: '1' } });

  await journey.step('In an untrusted folder a chat with the tour works', async () => {
    await workbench.show();
    await workbench.page.getByText('Restricted Mode').first().waitFor();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Hello');
    await untilFinished(workbench);
  });

  await journey.step('No process of ours runs in the untrusted folder', async () => {
    const workspace = join(workbench.folder, 'workspace');
    const sidecar = workbench.sidecarPid();
    assert.ok(!readlinkSync(`/proc/${sidecar}/cwd`).startsWith(workspace));
    assert.deepEqual(readdirSync(workspace), ['hello.txt']);
  });
}
