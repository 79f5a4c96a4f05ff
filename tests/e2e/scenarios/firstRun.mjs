// The first five minutes: a fresh home, each step of the walkthrough done to its tick, and the page that says what is missing.
import assert from 'node:assert/strict';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { ask, newChat, untilFinished } from '../runner/chatPage.mjs';
import { notification, pick } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const themes = /** @type {const} */ (['Light Modern', 'Default High Contrast', 'Dark Modern']);

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  const workbench = await scenario.open({ trusted: false });
  try {
    await runSteps(scenario, workbench, endpoint);
  } finally {
    await endpoint.stop();
  }
  await workbench.close();
  await withoutSidecar(scenario);
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {ScriptedEndpoint} endpoint
 */
async function runSteps(scenario, workbench, endpoint) {
  const { page } = workbench;
  const tree = page.locator('.pane').filter({ hasText: 'Chats' }).locator('.welcome-view-content');
  const walkthrough = page.locator('.gettingStartedContainer');
  const step = (/** @type {string} */ title) => walkthrough.locator('.getting-started-step').filter({ hasText: title });
  const isDone = (/** @type {string} */ title) => step(title).locator('.codicon.complete').first().waitFor({ timeout: 30_000 });
  const getStarted = async () => {
    await workbench.command('Plue: Get Started');
    await step('Connect a provider').waitFor({ timeout: 30_000 });
  };
  const picture = (/** @type {string} */ name) => page.screenshot({ path: inArtifacts('screenshots', `firstRun-${slug(name)}.png`) });

  await scenario.step('In a fresh home the empty tree says what to do, and that the folder is not trusted', async () => {
    // Pictures of the walkthrough are shown where there is room for them.
    await page.setViewportSize({ width: 1680, height: 900 });
    await workbench.show();
    await page.getByRole('tab', { name: 'Plue', exact: true }).click();
    await tree.getByText('Connect a Claude subscription').waitFor({ timeout: 60_000 });
    await tree.getByRole('button', { name: 'Connect a Provider' }).waitFor();
    await tree.getByText('until you trust this folder').waitFor();
    await tree.getByRole('button', { name: 'Manage Workspace Trust' }).waitFor();
  });

  await scenario.step('Get Started opens the walkthrough, with nothing done yet', async () => {
    await workbench.command('Notifications: Clear All Notifications');
    await getStarted();
    assert.equal(await walkthrough.locator('.getting-started-step').count(), 5);
    assert.equal(await walkthrough.locator('.getting-started-step .codicon.complete').count(), 0);
  });

  await scenario.step('Check Health says what is missing, and leads there', async () => {
    await step('Check your setup').click();
    await walkthrough.getByRole('button', { name: 'Check Health' }).click();
    await health(workbench, /Providers \(missing\)/);
    await page.locator('.codelens-decoration a', { hasText: 'Connect a Provider' }).waitFor();
  });

  await scenario.visual('The tree, the walkthrough and the report can be read in every theme', async () => {
    for (const theme of themes) {
      workbench.setTheme(theme);
      await workbench.show();
      await page.getByRole('tab', { name: 'Plue', exact: true }).click();
      await tree.getByText('Connect a Claude subscription').waitFor({ timeout: 60_000 });
      await getStarted();
      await workbench.until(() => isDrawn(page));
      await picture(`walkthrough ${theme}`);
      await workbench.command('Plue: Check Health');
      await health(workbench, /Plue is missing a required component/);
      await page.locator('.codelens-decoration a', { hasText: 'Connect a Provider' }).waitFor();
      await picture(`health ${theme}`);
    }
  });

  await scenario.step('A provider that is connected ticks the first step', async () => {
    await page.locator('.codelens-decoration a', { hasText: 'Connect a Provider' }).click();
    await workbench.chat.getByRole('heading', { name: 'No models connected yet' }).waitFor({ timeout: 60_000 });
    await workbench.chat.getByRole('button', { name: 'Add Provider', exact: true }).first().click();
    await workbench.chat.getByRole('button', { name: 'Choose OpenAI-compatible server' }).click();
    await workbench.chat.getByRole('textbox', { name: 'Name' }).fill('House server');
    await workbench.chat.getByRole('textbox', { name: 'Endpoint' }).fill(endpoint.url);
    await workbench.chat.getByRole('button', { name: 'Connect', exact: true }).click();
    await workbench.chat.getByRole('button', { name: 'Done' }).waitFor({ timeout: 60_000 });
    await tree.getByText('A task runs an agent').waitFor();
    await getStarted();
    await isDone('Connect a provider');
  });

  await scenario.step('A chat that is answered ticks the second', async () => {
    assert.equal(await step('Start a chat').locator('.codicon.complete').count(), 0);
    await newChat(workbench);
    await ask(workbench, 'Who answers here?');
    await untilFinished(workbench);
    await getStarted();
    await isDone('Start a chat');
  });

  await scenario.step('A task that an agent has done ticks the third', async () => {
    await workbench.command('Workspaces: Manage Workspace Trust');
    await page.getByRole('button', { name: 'Trust', exact: true }).first().click();
    const result = { summary: 'hello.txt greets.', verdict: 'accept', findings: [] };
    endpoint.reply = () => ({ calls: [{ name: 'finish', parameters: result }] });
    await workbench.command('Plue: New Task');
    await pick(workbench, 'New Task', 'Reviewer');
    await workbench.chat.getByRole('textbox', { name: 'Goal' }).fill('Look at hello.txt.', { timeout: 60_000 });
    await workbench.chat.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('treeitem', { name: /Look at hello.*done/ }).waitFor({ timeout: 60_000 });
    await getStarted();
    await isDone('Run an agent task');
  });

  await scenario.step('The data folder opens, and with it every step is done', async () => {
    await step('Your data').click();
    const opened = page.context().waitForEvent('page');
    await walkthrough.getByRole('button', { name: 'Open Data Folder' }).click();
    const other = await opened;
    assert.match(decodeURIComponent(other.url()), new RegExp(`folder=.*${workbench.plueHome}`));
    await other.close();
    await isDone('Your data');
    await isDone('Check your setup');
    for (const title of ['Start a chat', 'Run an agent task', 'Your data', 'Check your setup']) {
      await step(title).click();
      await workbench.until(() => isDrawn(page));
      await picture(title);
    }
  });

  await scenario.step('Now the health check finds everything that is needed, asks the provider, and is copied', async () => {
    await workbench.command('Plue: Check Health and Providers');
    await health(workbench, /No problems found|Plue is working, with/);
    await health(workbench, /it offers 2 models/);
    await workbench.command('Plue: Copy Health Report');
    await notification(workbench, 'Copied the report').waitFor();
  });
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
async function withoutSidecar(scenario) {
  const workbench = await scenario.open({ env: { PLUE_SERVER_PATH: '/nonexistent/plue' } });
  const { page } = workbench;

  await scenario.step('Where the sidecar cannot start, the tree and the health check say what helps', async () => {
    await workbench.show();
    await page.getByRole('tab', { name: 'Plue', exact: true }).click();
    const tree = page.locator('.welcome-view-content').filter({ hasText: 'is not running' });
    await tree.waitFor({ timeout: 60_000 });
    for (const name of ['Restart', 'Check Health', 'Show Log']) await tree.getByRole('button', { name }).waitFor();
    await tree.getByRole('button', { name: 'Check Health' }).click();
    await health(workbench, /Sidecar \(failed\) +PLUE_SERVER_PATH is set to/);
    await page.locator('.codelens-decoration a', { hasText: 'Restart' }).waitFor();
  });
}

/** The picture beside the steps has come: it is a page of its own. @param {import('playwright-core').Page} page */
async function isDrawn(page) {
  const found = await Promise.all(
    page.frames().map((frame) =>
      frame
        .locator('svg[viewBox="0 0 480 360"]')
        .count()
        .catch(() => 0),
    ),
  );
  return found.some((count) => count > 0);
}

/** @param {string} words */
const slug = (words) => words.toLowerCase().replaceAll(' ', '-');

/** The report in front has a line like this. @param {import('../runner/workbench.mjs').Workbench} workbench @param {RegExp} words */
async function health(workbench, words) {
  const lines = workbench.page.locator('.editor-instance[aria-label*="Plue Health"] .view-lines, .editor-instance .view-lines').last();
  // An editor draws a space as one that does not break.
  await workbench.until(async () => words.test((await lines.innerText()).replaceAll('\u00a0', ' ').replaceAll('\n', ' ')));
}
