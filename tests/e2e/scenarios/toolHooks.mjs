// Hooks that run commands around an agent's calls: one of the workspace is approved, one rejects a call, and one formats after an edit.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requireAccessible } from '../runner/accessibility.mjs';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { ask } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { pick } from '../runner/prompts.mjs';
import { ScriptedEndpoint, scriptedRounds } from '../runner/scriptedEndpoint.mjs';

/** Plue's own format: formats after each edit, and protects main. */
const config = `{
  default_large: "house",
  default_small: "house",
  hooks: [
    { trigger: "after_edit", action: "run_command", name: "Format", files: ["**/*.js"], command: "sed -i 's/  */ /g' \\"$@\\"" },
    {
      trigger: "before_tool", action: "run_command", name: "Protect main", tools: ["bash"],
      command: "if grep -q 'git push.*main'; then echo 'Pushes to main go through a pull request.' >&2; exit 2; fi",
    },
  ],
}
`;

/** Claude Code's format, in the workspace. */
const reminding = (/** @type {string} */ command) => ({ hooks: { UserPromptSubmit: [{ hooks: [{ type: 'command', command }] }] } });

const coder = `{
  id: "coder", name: "Coder", description: "Changes the folder.", version: "1.0.0", parent_template: "ai-chat",
  available_tools: ["read", "edit", "write", "bash"],
}
`;

const call = (/** @type {string} */ name, /** @type {object} */ parameters) => ({ calls: [{ name, parameters }] });

/** @type {Record<string, import('../runner/scriptedEndpoint.mjs').Reply[]>} */
const script = {
  'Write the sum': [
    { text: 'I write it.', ...call('write', { path: 'sum.js', content: 'export   const sum = (a,   b) => a + b;\n' }) },
    { text: 'The sum is written.' },
  ],
  'Push it': [{ text: 'I push it.', ...call('bash', { command: 'git push origin main' }) }, { text: 'I open a pull request.' }],
};

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = scriptedRounds(script, 'Sums');
  const workbench = await scenario.open({
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), config);
      mkdirSync(join(home, 'templates'), { recursive: true });
      writeFileSync(join(home, 'templates', 'coder.json5'), coder);
      const claude = join(dirname(home), 'workspace', '.claude');
      mkdirSync(claude, { recursive: true });
      writeFileSync(join(claude, 'settings.json'), JSON.stringify(reminding('echo "The sprint ends on Friday."')));
    },
  });
  try {
    await runSteps(scenario, workbench, endpoint);
  } finally {
    await endpoint.stop();
  }
}

/**
 * @param {import('../runner/scenario.mjs').Scenario} scenario
 * @param {import('../runner/workbench.mjs').Workbench} workbench
 * @param {ScriptedEndpoint} endpoint
 */
async function runSteps(scenario, workbench, endpoint) {
  const { page, chat } = workbench;
  const file = (/** @type {string[]} */ ...parts) => join(workbench.folder, 'workspace', ...parts);
  const hookLine = (/** @type {string | RegExp} */ words) => chat.locator('.hook-line').filter({ hasText: words });
  const picture = (/** @type {string} */ name) => workbench.screenshot(inArtifacts('screenshots', `toolHooks-${name}.png`));
  const approval = chat.locator('.approval');
  const settled = () => chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });

  await scenario.step('A hook that the workspace brings is shown before it runs for the first time', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await workbench.command('Plue: New Chat from Template');
    await pick(workbench, 'New Chat from Template', 'Coder');
    await chat.getByRole('button', { name: 'Template: Coder' }).waitFor({ timeout: 60_000 });
    await chat.getByRole('button', { name: /^Mode:/ }).click();
    await chat.getByRole('menuitem', { name: /^Auto-Edit/ }).click();
    await chat.getByRole('button', { name: 'Mode: Auto-Edit' }).waitFor();
    await ask(workbench, 'Write the sum');
    await approval.filter({ hasText: 'Run this hook from now on?' }).waitFor({ timeout: 60_000 });
    const words = await approval.innerText();
    assert.match(words, /echo "The sprint ends on Friday\."/);
    assert.match(words, /\.claude\/settings\.json: UserPromptSubmit/);
    assert.equal(endpoint.asked.filter(({ tools }) => tools !== undefined).length, 0, 'The message was sent before the hook ran.');
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('Its output goes to the model, and the file is formatted within the edit', async () => {
    await settled();
    await approval
      .getByRole('button', { name: /^Allow/ })
      .first()
      .click();
    await chat.getByText('The sum is written.').waitFor({ timeout: 60_000 });
    assert.match(JSON.stringify(endpoint.asked.find(({ tools }) => tools !== undefined)), /The sprint ends on Friday/);
    await hookLine('added context').waitFor();
    await hookLine(/Hook Format ran/).waitFor();
    assert.equal(readFileSync(file('sum.js'), 'utf8'), 'export const sum = (a, b) => a + b;\n');
  });

  await scenario.step('A call that a hook denies does not run, with the reason', async () => {
    await ask(workbench, 'Push it');
    await chat.getByText('I open a pull request.').waitFor({ timeout: 60_000 });
    await hookLine('Hook Protect main refused: Pushes to main go through a pull request.').waitFor();
    assert.equal(await approval.count(), 0);
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('Undoing the edit also undoes the formatting of the hook', async () => {
    await workbench.command('Plue: Undo File Changes of a Turn');
    await pick(workbench, 'Undo File Changes of a Turn', 'Sums');
    await workbench.until(async () => !existsSync(file('sum.js')));
  });

  await scenario.step('An example is added to the settings, which stay valid', async () => {
    await workbench.command('Plue: Add Hook');
    await pick(workbench, 'Add Hook', 'Block pushes to main');
    const config = page.getByRole('tab', { name: /config\.json5/ });
    await config.waitFor({ timeout: 30_000 });
    assert.match(readFileSync(join(workbench.plueHome, 'config.json5'), 'utf8'), /pull request.*pull request/s);
    await page.keyboard.press('Control+w');
    await config.waitFor({ state: 'detached' });
  });

  for (const [day, theme] of /** @type {const} */ ([
    ['Monday', 'Dark Modern'],
    ['Tuesday', 'Light Modern'],
    ['Wednesday', 'Default High Contrast'],
  ])) {
    await scenario.visual(`Hooks and the approval of a changed one in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      // Unlike opening the window again, a reload first stores which chat is open.
      await workbench.reload();
      await chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await hookLine('added context').first().locator('summary').click();
      await picture(`lines-${theme.split(' ')[0]}`);
      writeFileSync(file('.claude', 'settings.json'), JSON.stringify(reminding(`echo "The sprint ends on ${day}."`)));
      await ask(workbench, 'Push it');
      await approval.filter({ hasText: day }).waitFor({ timeout: 60_000 });
      await picture(`approval-${theme.split(' ')[0]}`);
      await settled();
      await approval.getByRole('button', { name: 'Deny' }).click();
      await hookLine(/did not run: You denied this hook/)
        .last()
        .waitFor({ timeout: 60_000 });
    });
  }
}
