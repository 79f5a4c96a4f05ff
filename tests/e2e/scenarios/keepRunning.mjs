// The window is reloaded, and the extension host is killed, while a response streams. It continues, and the new window shows it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { answers, ask, composer, isStreaming, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.text = 'Each sentence of this response arrives while no window is open. '.repeat(30) + 'This is its last sentence.';
  endpoint.manner = 'answers slowly';
  try {
    await runSteps(scenario, endpoint);
  } finally {
    await endpoint.stop();
  }
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {ScriptedEndpoint} endpoint */
async function runSteps(scenario, endpoint) {
  const workbench = await scenario.open({
    ownServer: true,
    env: { PLUE_OPEN_CHAT: '1' },
    prepare: (home) => writeLocalServer(home, endpoint),
  });
  const isWhole = async () => {
    await untilFinished(workbench);
    await answers(workbench).last().getByText('This is its last sentence.').waitFor();
    assert.equal(await workbench.chat.getByText(/Interrupted/).count(), 0);
  };

  await scenario.step('A response continues while the window is reloaded, and the new window shows it', async () => {
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Continue without me');
    await isStreaming(workbench);
    await workbench.reload();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await isStreaming(workbench);
    await isWhole();
  });

  const killed = 'A response continues after the extension host was killed';
  if (!existsSync('/proc/self/exe')) return scenario.skip(killed, 'the extension host is found through /proc, which is not here');
  await scenario.step(killed, async () => {
    await ask(workbench, 'Again');
    await isStreaming(workbench);
    const host = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${workbench.sidecarPid()}/status`, 'utf8'))?.[1]);
    assert.match(readFileSync(`/proc/${host}/cmdline`, 'utf8'), /extensionHost/);
    process.kill(host, 'SIGKILL');
    await workbench.chat.getByRole('alert').filter({ hasText: 'extension host does not respond' }).waitFor({ timeout: 25_000 });
    await workbench.reload();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await isWhole();
    assert.equal(await workbench.chat.getByRole('article', { name: 'Your message' }).count(), 2);
  });
}
