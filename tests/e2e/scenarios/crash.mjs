// The sidecar is killed in the middle of an answer. Nothing that was shown may be lost, and nobody has to do anything.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { answers, ask, composer, isStreaming, untilFinished } from '../runner/chatPage.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const sentence = 'A sidecar killed in the middle of an answer comes back by itself with the partial text';
  if (!existsSync('/proc/self/exe')) return scenario.skip(sentence, 'the sidecar is found through /proc, which is not here');
  const workbench = await scenario.open({ env: { PLUE_OPEN_CHAT: '1' } });

  await scenario.step('An answer is under way', async () => {
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Show me some code');
    // Text is written down a moment after it is shown; this much has been.
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
    await workbench.chat.getByRole('button', { name: 'Continue' }).click();
    await isStreaming(workbench);
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
