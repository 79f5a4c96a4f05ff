// Automatic layout checks: in each theme and in small windows nothing is cut off, outside the window, or has too little contrast.
import assert from 'node:assert/strict';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { Album, closeEditors } from '../look/album.mjs';
import { settings } from '../look/states.mjs';
import { everything } from '../look/states/chats.mjs';
import { ask, newChat, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = () => ({ text: everything });
  const name = 'The server in the laboratory on the second floor, behind the kitchen';
  const workbench = await scenario.open({
    isQuiet: true,
    settings,
    prepare: (home) => writeLocalServer(home, endpoint, { name, catalog_provider: 'openai', model: 'gpt-5-mini' }),
  });
  try {
    await runSteps(scenario, workbench);
  } finally {
    await endpoint.stop();
  }
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {import('../runner/workbench.mjs').Workbench} workbench */
async function runSteps(scenario, workbench) {
  const { page, chat } = workbench;
  const album = new Album(inArtifacts('look', 'scenario'), { isQuick: true });
  const button = (/** @type {string | RegExp} */ name) => chat.getByRole('button', { name });
  const opens = (/** @type {string | RegExp} */ name) => async () => {
    await page.keyboard.press('Escape');
    await button(name).first().click();
  };
  /** @param {string} view @param {string} state @param {import('../look/album.mjs').PictureOptions} [pose] */
  const checkView = async (view, state, pose) => {
    const before = album.findings.length;
    await album.take(workbench, view, state, pose);
    assert.deepEqual(album.findings.slice(before), []);
  };

  await scenario.step('A chat with everything in it is open, and each theme was seen', async () => {
    await workbench.show();
    await workbench.command('View: Close Primary Side Bar');
    await page.getByRole('button', { name: /Plue: The server/ }).waitFor({ timeout: 60_000 });
    await newChat(workbench);
    await ask(workbench, 'Show me everything');
    await untilFinished(workbench);
    await album.learnThemes(workbench);
  });

  await scenario.look('An answer with everything in it keeps to a narrow and to an enlarged window, and can be read in each theme', () =>
    checkView('chat', 'full', { again: () => chat.locator('.table-block').first().scrollIntoViewIfNeeded() }),
  );

  await scenario.look('The list of models stays inside of the window', () =>
    checkView('header', 'picker', { again: opens(/^Provider and model/) }),
  );

  await scenario.look('The options of an answer stay inside of the window', () =>
    checkView('header', 'options', { again: opens(/^Response options/) }),
  );

  await scenario.look('The instruction list stays inside of the window', () =>
    checkView('header', 'instructions', { again: opens(/instruction sources/) }),
  );

  await scenario.step('The providers and the catalog keep to the window', async () => {
    await page.keyboard.press('Escape');
    await closeEditors(workbench);
    await workbench.command('Plue: Manage Providers');
    await button('Add Provider').first().click({ timeout: 60_000 });
    await button('Choose Anthropic').waitFor();
    await checkView('providers', 'add');
    await button('Compare Prices').click();
    await chat.getByRole('columnheader', { name: 'Provider' }).waitFor();
    await checkView('providers', 'catalog');
  });

  await scenario.step('The settings keep to the window', async () => {
    await closeEditors(workbench);
    await workbench.command('Plue: Open Settings');
    await chat.getByRole('spinbutton').first().waitFor();
    await checkView('settings', 'full');
  });
}
