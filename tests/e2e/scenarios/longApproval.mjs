// A command with a payload between comment lines, and the diff of a long file: neither can be allowed before each line was in view.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { ask, stop } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { pick } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const comments = Array.from({ length: 60 }, (_, index) => `# step ${index}: nothing happens here`);
const payload = 'printf payload > payload.txt';
const command = [...comments, payload, ...comments].join('\n');
const returning = 'echo harmless # \rprintf hidden > hidden.txt';
const content = Array.from({ length: 80 }, (_, index) => `line ${index}`).join('\n');

const coder = `{
  id: "coder", name: "Coder", description: "Changes the folder.", version: "1.0.0", parent_template: "ai-chat",
  available_tools: ["bash", "write"],
}
`;

/** @param {any} asked @returns {import('../runner/scriptedEndpoint.mjs').Reply} */
function replyOf(asked) {
  if (asked.tools === undefined) return { text: 'Steps' };
  const last = asked.messages.findLastIndex((/** @type {{role: string}} */ { role }) => role === 'user');
  if (asked.messages.slice(last).some((/** @type {{role: string}} */ { role }) => role === 'tool')) return { text: 'That is all.' };
  const question = JSON.stringify(asked.messages[last]?.content ?? '');
  if (question.includes('Return')) return { calls: [{ name: 'bash', parameters: { command: returning } }] };
  if (question.includes('Write')) return { calls: [{ name: 'write', parameters: { path: 'long.txt', content } }] };
  return { calls: [{ name: 'bash', parameters: { command } }] };
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = replyOf;
  const workbench = await scenario.open({
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
      mkdirSync(join(home, 'templates'), { recursive: true });
      writeFileSync(join(home, 'templates', 'coder.json5'), coder);
    },
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
  const file = (/** @type {string} */ name) => join(workbench.folder, 'workspace', name);
  const card = () => chat.locator('.approval').first();
  const allow = (at = card()) => at.getByRole('button', { name: 'Allow Once' });
  const next = (at = card()) => at.getByRole('button', { name: 'Show Next Lines' });
  const settled = () => chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });

  await scenario.step('A long command asks with all of its lines, and cannot be allowed yet', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await workbench.command('Plue: New Chat from Template');
    await pick(workbench, 'New Chat from Template', 'Coder');
    await chat.getByRole('button', { name: 'Template: Coder' }).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Run it');
    await card().waitFor({ timeout: 60_000 });
    assert.equal(await card().locator('.exact-text pre').textContent(), command);
    assert.ok(await allow().isDisabled());
    assert.match((await card().locator('.approval-unread').textContent()) ?? '', /\d+ lines not viewed yet/);
  });

  await scenario.step('The key that allows does nothing, and going straight to the end is not enough', async () => {
    await card().focus();
    await settled();
    await page.keyboard.press('y');
    await card()
      .locator('.exact-text')
      .evaluate((box) => (box.scrollTop = box.scrollHeight));
    await settled();
    assert.ok(await allow().isDisabled());
    await card().focus();
    await page.keyboard.press('y');
    await settled();
    assert.ok(!existsSync(file('payload.txt')));
  });

  await scenario.look('It has no serious accessibility finding', async () => {
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('The Approvals view wants the same', async () => {
    await workbench.command('Plue: Show Approvals');
    const other = workbench.approvals.locator('.approval').first();
    await other.waitFor({ timeout: 30_000 });
    assert.ok(await allow(other).isDisabled());
    await requireAccessible(await workbench.approvalsFrame());
  });

  await scenario.step('By the keyboard all lines are gone through, the payload among them, and then it can be allowed', async () => {
    await next().focus();
    let hasSeen = false;
    for (let screens = 0; (await next().count()) > 0; screens++) {
      assert.ok(screens < 40, 'It never ends.');
      await page.keyboard.press('Enter');
      await settled();
      const line = card().locator('.text-line', { hasText: payload });
      hasSeen ||= await line.evaluate((node) => {
        const { left, top, height } = node.getBoundingClientRect();
        return node.contains(document.elementFromPoint(left + 40, top + height / 2));
      });
    }
    assert.ok(hasSeen, 'The payload was never in view.');
    assert.ok(!(await allow().isDisabled()));
    await page.keyboard.press('y');
    await workbench.until(async () => existsSync(file('payload.txt')));
    await chat.getByText('That is all.').last().waitFor({ timeout: 60_000 });
  });

  await scenario.step('A carriage return inside a command is drawn and counted', async () => {
    await ask(workbench, 'Return');
    await card().getByText('1 hidden character').waitFor({ timeout: 60_000 });
    assert.equal(await card().locator('.exact-text pre').textContent(), 'echo harmless # ⟨U+000D⟩printf hidden > hidden.txt');
    await settled();
    await card().getByRole('button', { name: 'Deny' }).click();
    await settled();
    await card().getByRole('button', { name: 'Deny', exact: true }).click();
    await card().waitFor({ state: 'detached' });
  });

  await scenario.step('Open Diff shows the whole change beside the question', async () => {
    await ask(workbench, 'Write');
    await card().getByText('Write this file?').waitFor({ timeout: 60_000 });
    await card().getByRole('button', { name: 'Open Diff' }).click();
    await page.locator('.tab.active', { hasText: 'long.txt (proposed change)' }).waitFor();
    await page.locator('.monaco-diff-editor .view-line', { hasText: 'line 1' }).first().waitFor();
    await workbench.screenshot(inArtifacts('screenshots', 'longApproval-diff.png'));
    await workbench.command('View: Close Editor');
    await card().getByText('Write this file?').waitFor();
    assert.ok(await allow().isDisabled(), 'A diff in another editor is not what is judged.');
    await settled();
    await card().getByRole('button', { name: 'Deny' }).click();
    await settled();
    await card().getByRole('button', { name: 'Deny', exact: true }).click();
    await card().waitFor({ state: 'detached' });
  });

  await scenario.step('The diff of a long file is scrolled through with the wheel', async () => {
    await ask(workbench, 'Write');
    await card().getByText('Write this file?').waitFor({ timeout: 60_000 });
    assert.equal(await card().locator('.exact-text').count(), 1);
    assert.ok(await allow().isDisabled());
    await card().locator('.exact-text').hover();
    for (let turn = 0; (await next().count()) > 0; turn++) {
      assert.ok(turn < 60, 'It never ends.');
      await page.mouse.wheel(0, 60);
      await settled();
    }
    await settled();
    await allow().click();
    await workbench.until(async () => existsSync(file('long.txt')));
    assert.equal(readFileSync(file('long.txt'), 'utf8'), content);
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`It is legible and accessible in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.show();
      await chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await ask(workbench, `Run it in ${theme}`);
      await card().waitFor({ timeout: 60_000 });
      await settled();
      await requireAccessible(await workbench.chatFrame());
      // The approval would otherwise be asked again in the next window.
      await stop(workbench);
      await card().waitFor({ state: 'detached' });
    });
  }
}
