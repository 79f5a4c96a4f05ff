// The first five minutes with a new home: each step of the walkthrough until it is completed, and the health report.
import assert from 'node:assert/strict';
import { inArtifacts, inRoot } from '../../../scripts/lib/paths.mjs';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, ask, composer, newChat, untilFinished } from '../runner/chatPage.mjs';
import { hasClaude, installClaude } from '../runner/claudeCode.mjs';
import { asked, notification, pick, type } from '../runner/prompts.mjs';
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
  await stepsToFirstResponse(scenario);
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

  await scenario.step('In a new home the empty tree shows the first steps, and that the folder is not trusted', async () => {
    // The walkthrough shows its pictures only in a large window.
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
    assert.equal(await walkthrough.locator('.getting-started-step').count(), 7);
    assert.equal(await walkthrough.locator('.getting-started-step .codicon.complete').count(), 0);
  });

  await scenario.step('Check Health shows what is missing, and links to it', async () => {
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
    await workbench.chat.getByRole('button', { name: 'Choose OpenAI-compatible server' }).click();
    await workbench.chat.getByRole('textbox', { name: 'Name' }).fill('House server');
    await workbench.chat.getByRole('textbox', { name: 'Endpoint' }).fill(endpoint.url);
    await workbench.chat.getByRole('button', { name: 'Connect', exact: true }).click();
    await type(workbench, 'Key for House server', '');
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

  await scenario.step('If the sidecar cannot start, the tree and the health check show how to fix it', async () => {
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

/**
 * Counts each user action: a click, a text typed or pasted, a key that submits it. Input to a VS Code prompt and its Enter count as one.
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 */
async function stepsToFirstResponse(scenario) {
  const key = 'sk-first-run-0123456789abcdef';
  const vendor = await new ScriptedEndpoint().start();
  vendor.key = key;
  const server = await new ScriptedEndpoint().start();
  const ollama = await startOllama();
  const claude = await new ScriptedEndpoint().start();
  const config = mkdtempSync(join(tmpdir(), 'plue-e2e-claude-'));
  const inView = { 'plue.chat.location': 'sideBar' };

  /** @param {import('../runner/workbench.mjs').Workbench} workbench @param {(() => Promise<unknown>)[]} actions Actions before the question. */
  const reached = async (workbench, actions) => {
    const { keyboard } = workbench.page;
    const question = [() => keyboard.type('Who answers here?'), () => keyboard.press('Enter')];
    for (const action of actions) await action();
    // The composer has focus without a click.
    await workbench.chat.locator('textarea:focus').waitFor();
    await workbench.chat.getByText(/Responses come from/).waitFor();
    for (const action of question) await action();
    await answers(workbench).last().waitFor();
    await untilFinished(workbench);
    return actions.length + question.length;
  };
  const choose = (/** @type {import('../runner/workbench.mjs').Workbench} */ workbench, /** @type {string} */ name) =>
    workbench.chat.getByRole('button', { name: `Choose ${name}` }).click();
  const isOffered = async (/** @type {import('../runner/workbench.mjs').Workbench} */ workbench) => {
    await workbench.show();
    workbench.chatPlace = 'view';
    await workbench.chat.getByRole('heading', { name: 'Connect a model' }).waitFor({ timeout: 60_000 });
  };

  try {
    const detected = await scenario.open({ settings: inView, env: { OLLAMA_HOST: ollama.address } });
    await scenario.step('With Ollama on this machine the first response is 2 steps away', async () => {
      await detected.show();
      detected.chatPlace = 'view';
      await detected.chat.getByText(/Responses come from Ollama/).waitFor({ timeout: 60_000 });
      await composer(detected).focus();
      assert.equal(await reached(detected, []), 2);
    });

    if (hasClaude) {
      const token = 'token-of-the-scenario-0123456789';
      const login = { CLAUDE_CONFIG_DIR: join(config, 'somebody'), ANTHROPIC_BASE_URL: claude.origin, ANTHROPIC_AUTH_TOKEN: token };
      claude.key = token;
      const signedIn = await scenario.open({ settings: inView, ownServer: true, env: login, prepare: installClaude });
      await scenario.step('With Claude Code signed in on this machine the first response is 2 steps away', async () => {
        await signedIn.show();
        signedIn.chatPlace = 'view';
        await signedIn.chat.getByText(/Responses come from Claude Code/).waitFor({ timeout: 60_000 });
        await composer(signedIn).focus();
        assert.equal(await reached(signedIn, []), 2);
      });
    } else scenario.skip('With Claude Code signed in on this machine the first response is 2 steps away', 'The package is not installed.');

    const own = await scenario.open({ settings: inView, ownServer: true });
    await scenario.step('After the installation the chat opens with two choices', async () => {
      await isOffered(own);
      assert.equal(await own.chat.getByRole('region', { name: 'Getting started' }).getByRole('heading').count(), 1);
      assert.equal(await own.chat.getByRole('button', { name: /^Choose / }).count(), 6);
      await own.chat.getByRole('button', { name: 'Take the Tour' }).waitFor();
      assert.equal(await own.page.locator('.notifications-toasts .notification-list-item').count(), 0);
    });
    await scenario.look('It has no serious accessibility finding', async () => requireAccessible(await own.chatFrame()));
    await scenario.visual('It can be read in every theme and in a narrow side bar', async () => {
      for (const theme of themes) {
        own.setTheme(theme);
        await own.reload();
        await own.chat.getByRole('heading', { name: 'Connect a model' }).waitFor({ timeout: 60_000 });
        await own.page.screenshot({ path: inArtifacts('screenshots', `firstRun-connect-${slug(theme)}.png`) });
      }
    });
    await scenario.step('A custom server takes 5 steps, and it may have no key', async () => {
      const steps = await reached(own, [
        () => choose(own, 'OpenAI-compatible server'),
        () => type(own, 'Add OpenAI-compatible', server.url),
        () => type(own, 'Key for 127.0.0.1', ''),
      ]);
      assert.equal(steps, 5);
      const file = readFileSync(join(own.plueHome, 'providers', `${new URL(server.url).host.replace(/[.:]/g, '-')}.json5`), 'utf8');
      assert.match(file, /auth_type: ['"]none['"]/);
    });

    const keyed = await scenario.open({
      settings: inView,
      ownServer: true,
      // The scenario's endpoint replaces the vendor.
      prepare: (home) => {
        const shipped = JSON.parse(readFileSync(inRoot('server', 'catalog', 'anthropic.json'), 'utf8'));
        mkdirSync(join(home, 'catalog'), { recursive: true });
        writeFileSync(
          join(home, 'catalog', 'anthropic.json'),
          JSON.stringify({ ...shipped, api_endpoint: vendor.origin, default_large_model_id: undefined, default_small_model_id: undefined }),
        );
      },
    });
    await scenario.step('A key prompt that is closed stores nothing', async () => {
      await isOffered(keyed);
      await choose(keyed, 'Anthropic');
      await asked(keyed, 'Key for Anthropic');
      await keyed.page.keyboard.press('Escape');
      await keyed.chat.getByRole('heading', { name: 'Connect a model' }).waitFor();
      assert.equal(existsSync(join(keyed.plueHome, 'providers')), false);
    });
    await scenario.step('With an API key it is 4 steps away, where VS Code has proved that it keeps secrets', async () => {
      // VS Code stores the open editors before it ends.
      await keyed.reload();
      await keyed.restart();
      await keyed.chat.getByRole('heading', { name: 'Connect a model' }).waitFor({ timeout: 60_000 });
      const steps = await reached(keyed, [() => choose(keyed, 'Anthropic'), () => type(keyed, 'Key for Anthropic', key)]);
      assert.equal(steps, 4);
    });
  } finally {
    // A running Claude Code still writes to its folder.
    await scenario.end();
    await Promise.all([vendor.stop(), server.stop(), ollama.stop(), claude.stop()]);
    rmSync(config, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Starts a server with the parts of Ollama's API that a response needs. */
async function startOllama() {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const json = (/** @type {unknown} */ body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (pathname === '/api/tags') json({ models: [{ name: 'small:latest', model: 'small:latest' }] });
    else if (pathname === '/api/show') json({ capabilities: ['completion'], model_info: {} });
    else if (pathname === '/api/chat') {
      const lines = [
        { message: { role: 'assistant', content: 'Ollama answers.' }, done: false },
        { done: true, done_reason: 'stop' },
      ];
      response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    } else json({ version: '0.12.0' });
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  return {
    address: `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Waits until the picture next to the steps is shown, which is a separate page. @param {import('playwright-core').Page} page */
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

/** Waits until the open report has a matching line. @param {import('../runner/workbench.mjs').Workbench} workbench @param {RegExp} words */
async function health(workbench, words) {
  const lines = workbench.page.locator('.editor-instance[aria-label*="Plue Health"] .view-lines, .editor-instance .view-lines').last();
  // An editor renders spaces as non-breaking spaces.
  await workbench.until(async () => words.test((await lines.innerText()).replaceAll('\u00a0', ' ').replaceAll('\n', ' ')));
}
