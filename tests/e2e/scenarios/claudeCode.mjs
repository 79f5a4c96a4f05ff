// The real Claude Code program with a scripted endpoint: signed in, then not.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers, ask, composer, isStreaming, newChat, stop, untilFinished } from '../runner/chatPage.mjs';
import { hasClaude, installClaude } from '../runner/claudeCode.mjs';
import { notification } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const token = 'token-of-the-scenario-0123456789';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  if (!hasClaude) {
    scenario.skip('Claude Code answers', 'It needs Linux and the package @anthropic-ai/claude-code.');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'plue-e2e-claude-'));
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.key = token;
  const login = { CLAUDE_CONFIG_DIR: join(folder, 'somebody'), ANTHROPIC_BASE_URL: endpoint.origin, ANTHROPIC_AUTH_TOKEN: token };
  try {
    await signedIn(scenario, endpoint, login);
    await notSignedIn(scenario, { CLAUDE_CONFIG_DIR: join(folder, 'nobody') });
  } finally {
    await scenario.end();
    await endpoint.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {ScriptedEndpoint} endpoint @param {NodeJS.ProcessEnv & {CLAUDE_CONFIG_DIR: string}} env */
async function signedIn(scenario, endpoint, env) {
  const workbench = await scenario.open({ ownServer: true, env, prepare: installClaude });

  await scenario.step('A first start with Claude Code signed in uses it and shows it', async () => {
    await workbench.show();
    await notification(workbench, 'Using Claude Code').waitFor({ timeout: 60_000 });
    await workbench.page.getByRole('button', { name: /Plue: Claude Code/ }).waitFor();
  });

  await scenario.step('Its answer streams', async () => {
    endpoint.manner = 'answers slowly';
    await notification(workbench, 'Using Claude Code').getByRole('button', { name: 'New Chat' }).click();
    await composer(workbench).waitFor({ timeout: 30_000 });
    await ask(workbench, 'Who are you?');
    await isStreaming(workbench);
  });

  await scenario.step('The finished answer shows its tokens', async () => {
    await untilFinished(workbench);
    assert.match(await answers(workbench).last().innerText(), /The endpoint on this machine answers/);
    assert.match(await answers(workbench).last().innerText(), /34 out/);
  });

  await scenario.step('An answer can be stopped', async () => {
    await ask(workbench, 'Once more?');
    await isStreaming(workbench);
    await stop(workbench);
    await workbench.chat.getByText('Stopped.').first().waitFor();
    await untilFinished(workbench);
  });

  await scenario.step('The next question is answered as if nothing had been', async () => {
    endpoint.manner = 'answers';
    await ask(workbench, 'And now?');
    await workbench.until(async () => (await answers(workbench).last().innerText()).includes('See the manual for more'));
    await untilFinished(workbench);
  });

  await scenario.step('Check Claude Code Sign-in shows which program was used', async () => {
    await workbench.command('Plue: Check Claude Code Sign-in');
    await notification(workbench, join('bin', 'claude')).waitFor();
  });

  await scenario.step('Its details show what was tried', async () => {
    await notification(workbench, join('bin', 'claude')).getByRole('button', { name: 'Details' }).click();
    await workbench.page.locator('.part.panel').getByText('Claude Code sign-in').first().waitFor();
  });

  await scenario.step('After the window is closed no claude runs', async () => {
    assert.ok(claudesOf(env.CLAUDE_CONFIG_DIR).length > 0, 'No claude was running before.');
    await workbench.page.close();
    const end = Date.now() + 20_000;
    while (claudesOf(env.CLAUDE_CONFIG_DIR).length > 0) {
      assert.ok(Date.now() < end, `These still run: ${claudesOf(env.CLAUDE_CONFIG_DIR)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  await workbench.close();
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {NodeJS.ProcessEnv} env */
async function notSignedIn(scenario, env) {
  const workbench = await scenario.open({ ownServer: true, env, prepare: installClaude });
  const { chat, page } = workbench;

  await scenario.step('With Claude Code not signed in, the tour is offered', async () => {
    await workbench.show();
    await notification(workbench, 'the tour').waitFor({ timeout: 60_000 });
  });

  await scenario.step('A chat with Claude Code that is not signed in offers to sign in', async () => {
    await newChat(workbench);
    await chat.getByRole('button', { name: /^Provider and model/ }).click();
    await chat.getByRole('group', { name: 'Claude Code' }).getByRole('option').first().click();
    await ask(workbench, 'Who are you?');
    await chat.locator('.failure').filter({ hasText: 'Claude Code is not signed in' }).waitFor({ timeout: 60_000 });
  });

  await scenario.step('Sign In leads to a terminal that signs in', async () => {
    await chat.getByRole('button', { name: 'Sign In…' }).click();
    await notification(workbench, 'is not signed in').getByRole('button', { name: 'Open Terminal to Sign In' }).waitFor();
  });

  await scenario.step('The terminal runs the sign-in', async () => {
    await notification(workbench, 'is not signed in').getByRole('button', { name: 'Open Terminal to Sign In' }).click();
    await page.locator('.terminal-wrapper').first().waitFor();
    await page.getByText('Claude Code sign-in').first().waitFor();
  });
}

/** Returns the processes that were started with this configuration. @param {string} config */
function claudesOf(config) {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const program = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0];
        return program.endsWith('claude') && readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`CLAUDE_CONFIG_DIR=${config}\0`);
      } catch {
        return false; // ended meanwhile, or not readable
      }
    });
}
