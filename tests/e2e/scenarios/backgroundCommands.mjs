// An agent starts a server in the background, waits for its port, tests it, and stops it. The user follows it in a terminal, types into it, and reloads the window.
import { createServer } from 'node:net';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, ask, composer, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  const port = await freePort();
  endpoint.reply = (asked) => replyOf(asked, port);
  const workbench = await scenario.open({
    ownServer: true,
    env: { PLUE_OPEN_CHAT: '1' },
    // Draws the text of terminals as elements.
    settings: { 'terminal.integrated.gpuAcceleration': 'off' },
    prepare: (home) => writeLocalServer(home, endpoint),
  });
  try {
    await runSteps(scenario, workbench);
  } finally {
    await endpoint.stop();
  }
}

/** @param {any} asked @param {number} port @returns {import('../runner/scriptedEndpoint.mjs').Reply} */
function replyOf({ messages, tools }, port) {
  if (tools === undefined) return { text: 'Server' };
  const call = (/** @type {string} */ name, /** @type {object} */ parameters) => ({ calls: [{ name, parameters }] });
  const last = messages.at(-1);
  const id = /cmd_[0-9a-f]+/.exec(JSON.stringify(messages))?.[0];
  if (last.role !== 'tool') {
    return String(last.content).includes('Stop it')
      ? call('bash_process', { id, stop: true })
      : call('bash', { command: `node -e "${server(port)}"`, background: true });
  }
  const result = String(last.content);
  if (result.includes('is running') && !result.includes('accepts')) return call('bash_process', { id, port });
  if (result.includes('accepts connections')) return call('bash', { command: `curl -sS http://127.0.0.1:${port}/page` });
  return { text: result.includes('Hello') ? 'The server responds.' : 'The server is stopped.' };
}

/** Responds to requests and to typed lines. @param {number} port */
function server(port) {
  return [
    `require('http').createServer((q, r) => r.end('Hello from ' + q.url + '\\n')).listen(${port}, '127.0.0.1', () => console.log('Listening at ' + ${port}))`,
    `process.stdin.on('data', (d) => console.log('You typed ' + d))`,
  ].join('; ');
}

/** @returns {Promise<number>} */
async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {import('../runner/workbench.mjs').Workbench} workbench */
async function runSteps(scenario, workbench) {
  const { chat, page } = workbench;
  const row = () => chat.locator('.background-row');
  const terminal = () => page.locator('.terminal.xterm .xterm-rows');
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `background-${name}.png`));
  const allow = async () => {
    await chat.locator('.approval').waitFor({ timeout: 60_000 });
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
    await chat.getByRole('button', { name: 'Allow Once' }).click();
  };

  await scenario.step('An agent starts a server, waits for its port, and tests it with curl', async () => {
    await workbench.show();
    await composer(workbench).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Start the server and test it');
    await allow();
    await row().filter({ hasText: 'node -e' }).waitFor({ timeout: 60_000 });
    await allow();
    await untilFinished(workbench);
    await answers(workbench).last().getByText('The server responds.').waitFor();
    await requireAccessible(await workbench.chatFrame());
    await picture('row');
  });

  await scenario.step('Its terminal shows the output and sends what the user types', async () => {
    await row()
      .getByRole('button', { name: /^Show Terminal/ })
      .click();
    await terminal().filter({ hasText: 'Listening at' }).waitFor({ timeout: 60_000 });
    await page.locator('.terminal.xterm').click();
    await page.locator('.terminal.xterm.focus').waitFor();
    await page.keyboard.type('hello\n');
    await terminal().filter({ hasText: 'You typed hello' }).waitFor({ timeout: 60_000 });
    await picture('terminal');
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast', 'Dark Modern'])) {
    await scenario.visual(`The row is seen in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.reload();
      await chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await row().waitFor({ timeout: 60_000 });
      await requireAccessible(await workbench.chatFrame());
      await picture(theme.replaceAll(' ', '-'));
    });
  }

  await scenario.step('The command survives a reload of the window and is kept on request', async () => {
    await workbench.reload();
    await row().filter({ hasText: 'node -e' }).waitFor({ timeout: 60_000 });
    await row()
      .getByRole('button', { name: /^Keep Running/ })
      .click();
    await row().locator('button[aria-pressed="true"]').waitFor({ timeout: 60_000 });
  });

  await scenario.step('The agent stops it, and the row disappears', async () => {
    await ask(workbench, 'Stop it');
    await untilFinished(workbench);
    await answers(workbench).last().getByText('The server is stopped.').waitFor();
    await row().waitFor({ state: 'detached', timeout: 60_000 });
  });
}
