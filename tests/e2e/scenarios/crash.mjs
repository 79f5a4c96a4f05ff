// The sidecar is killed during a response. Text that was shown is kept, and the user does not have to act.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { answers, ask, composer, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const sentence = 'A sidecar killed in the middle of an answer comes back by itself with the partial text';
  if (!existsSync('/proc/self/exe')) return scenario.skip(sentence, 'the sidecar is found through /proc, which is not here');
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.text = 'A response that has been read must be there after the sidecar was killed. '.repeat(20);
  endpoint.manner = 'never ends its answer'; // no response completes before the kill
  try {
    await runSteps(scenario, sentence, endpoint);
  } finally {
    await endpoint.stop();
  }
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {string} sentence @param {ScriptedEndpoint} endpoint */
async function runSteps(scenario, sentence, endpoint) {
  const workbench = await scenario.open({ env: { PLUE_OPEN_CHAT: '1' }, prepare: (home) => writeLocalServer(home, endpoint) });

  await scenario.step('A response is in progress', async () => {
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'How are you?');
    // Text is stored a moment after it is shown; this much has been stored.
    await workbench.until(async () => (await answers(workbench).last().innerText()).length > 150);
  });

  await scenario.step(sentence, async () => {
    const before = workbench.sidecarPid();
    const shown = (await answers(workbench).last().innerText()).trim();
    process.kill(before, 'SIGKILL');
    await workbench.chat.getByText(/Interrupted by a Plue restart/).waitFor();
    assert.notEqual(workbench.sidecarPid(), before);
    const kept = await answers(workbench).last().innerText();
    assert.ok(kept.includes(shown.slice(0, 60)), `Shown before: ${shown}\nKept: ${kept}`);
    assert.equal(await workbench.chat.getByRole('article', { name: 'Your message' }).count(), 1);
  });

  await scenario.step('The interrupted answer can be continued', async () => {
    endpoint.manner = 'answers';
    endpoint.text = 'And this is the rest.';
    await workbench.chat.getByRole('button', { name: 'Continue' }).click();
    await answers(workbench).filter({ hasText: endpoint.text }).waitFor();
    await untilFinished(workbench);
  });

  await scenario.step('Killed again and again, the panel answers in the end', async () => {
    for (let round = 0; round < 2; round++) {
      const before = workbench.sidecarPid();
      process.kill(before, 'SIGKILL');
      await workbench.nextSidecar(before);
    }
    await ask(workbench, 'Are you there?');
    await untilFinished(workbench);
  });
}
