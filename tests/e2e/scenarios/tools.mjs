// A chat that reads, searches, edits and runs commands: it asks first, every change can be reviewed, and each can be undone.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { requireAccessible } from '../runner/accessibility.mjs';
import { ask, composer, send, untilFinished } from '../runner/chatPage.mjs';
import { writeLocalServer } from '../runner/localServer.mjs';
import { notification, pick } from '../runner/prompts.mjs';
import { ScriptedEndpoint, scriptedRounds } from '../runner/scriptedEndpoint.mjs';

const dates = `export function isDate(year, month, day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

// Between the two functions.
// Nothing changes here.
// Nor here.
// Nor here.

export function isLeap(year) {
  return year % 4 === 0;
}
`;

const firstEdit = { path: 'src/dates.js', old: 'day <= 31;', new: 'day <= daysOf(year, month);' };
const secondEdit = { path: 'src/dates.js', old: 'return year % 4 === 0;', new: 'return year % 4 === 0 && year % 100 !== 0;' };

/** Each command changes something, and the last one conceals what it does. */
const slow = 'for i in 1 2 3 4 5 6 7 8; do echo "step $i"; sleep 0.25; done; printf done > built.txt';
const hiding = 'printf "%s" "a\u202Eb" > hidden.txt';
const endless = 'echo begun; sleep 300';
const deleting = 'rm src/notes.md';

/** A chat that may also edit and run commands. */
const coder = `{
  id: "coder", name: "Coder", description: "Changes the folder.", version: "1.0.0", parent_template: "ai-chat",
  available_tools: ["read", "search", "edit", "write", "bash"],
}
`;

const call = (/** @type {string} */ name, /** @type {object} */ parameters) => ({ calls: [{ name, parameters }] });

/** The model's rounds for each question. @type {Record<string, import('../runner/scriptedEndpoint.mjs').Reply[]>} */
const script = {
  'Where are the dates?': [
    {
      text: 'I look for them.',
      calls: [
        { name: 'search', parameters: { query: 'isLeap' } },
        { name: 'read', parameters: { path: 'src/dates.js' } },
      ],
    },
    { text: 'In src/dates.js, two functions.' },
  ],
  'Fix the days': [
    { text: 'The day is checked against 31.', ...call('edit', firstEdit) },
    { text: 'Then I ask again.', ...call('edit', firstEdit) },
    { text: 'Now the leap years.', ...call('edit', secondEdit) },
    { text: 'Both functions are right now.' },
  ],
  'Build it': [{ text: 'I build it.', ...call('bash', { command: slow }) }, { text: 'It is built.' }],
  'Write something odd': [call('bash', { command: hiding }), { text: 'I leave it.' }],
  'Fix them freely': [
    { calls: [{ name: 'read', parameters: { path: 'src/dates.js' } }] },
    {
      calls: [
        { name: 'edit', parameters: firstEdit },
        { name: 'edit', parameters: secondEdit },
      ],
    },
    { text: 'Both are fixed.' },
  ],
  'Only plan': [call('write', { path: 'plan.txt', content: 'Later.' }), { text: 'Here is the plan.' }],
  'Clean up': [call('bash', { command: deleting }), { text: 'The notes are gone.' }],
  'Never end': Array.from({ length: 50 }, (_, round) => call('search', { query: `word ${round}` })),
  'Start the server': [call('bash', { command: endless }), { text: 'It was stopped; I go on without it.' }],
  'Wait for it': [call('bash', { command: endless }), { text: 'Waited.' }],
};

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.reply = scriptedRounds(script, 'Dates');
  const workbench = await scenario.open({
    settings: { 'diffEditor.renderSideBySide': true, 'files.autoSave': 'off' },
    prepare: (home) => {
      writeLocalServer(home, endpoint);
      writeFileSync(join(home, 'config.json5'), '{ default_large: "house", default_small: "house" }');
      mkdirSync(join(home, 'templates'), { recursive: true });
      writeFileSync(join(home, 'templates', 'coder.json5'), coder);
      const source = join(dirname(home), 'workspace', 'src');
      mkdirSync(source, { recursive: true });
      writeFileSync(join(source, 'dates.js'), dates);
      writeFileSync(join(source, 'notes.md'), 'What was noted.\n');
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
  const text = (/** @type {string[]} */ ...parts) => readFileSync(file(...parts), 'utf8');
  const approval = (/** @type {string | RegExp} */ words) => chat.locator('.approval').filter({ hasText: words });
  const calls = (/** @type {string | RegExp} */ words) => chat.locator('.tool-call').filter({ hasText: words });
  const changes = () => chat.locator('.tool-beside .changed-file:visible');
  const lastAsked = () => endpoint.asked.findLast(({ tools }) => tools !== undefined);
  const lastResult = () => String(lastAsked().messages.findLast((/** @type {any} */ { role }) => role === 'tool')?.content);
  const setMode = async (/** @type {string} */ words) => {
    await chat.getByRole('button', { name: /^Mode:/ }).click();
    await chat.getByRole('menuitem', { name: new RegExp(`^${words}`) }).click();
    await chat.getByRole('button', { name: `Mode: ${words}` }).waitFor();
  };
  /** Buttons are disabled for 300 ms after they appear. */
  const settled = async () => {
    await chat.locator('.approvals.is-fresh').waitFor({ state: 'detached' });
  };
  /** True if nothing covers its center. */
  const isInView = (/** @type {import('playwright-core').Locator} */ locator) =>
    locator.evaluate((node) => {
      const { left, top, width, height } = node.getBoundingClientRect();
      return node.contains(document.elementFromPoint(left + width / 2, top + height / 2));
    });
  const backToChat = async () => {
    await page.getByRole('tab', { name: 'Dates' }).first().click();
    await composer(workbench).waitFor();
  };

  await scenario.step('A chat is made from a template whose tools may edit and run commands', async () => {
    await workbench.show();
    await page.getByRole('button', { name: /Plue: House server/ }).waitFor({ timeout: 60_000 });
    await workbench.command('Plue: New Chat from Template');
    await pick(workbench, 'New Chat from Template', 'Coder');
    await chat.getByRole('button', { name: 'Template: Coder' }).waitFor({ timeout: 60_000 });
    await chat.getByRole('button', { name: 'Mode: Agent' }).waitFor();
  });

  await scenario.step('Reading and searching ask nothing, and the rounds read as one answer', async () => {
    await ask(workbench, 'Where are the dates?');
    await chat.getByText('In src/dates.js, two functions.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.equal(await approval('').count(), 0);
    assert.match(lastResult(), /isDate/);
    assert.deepEqual(
      lastAsked()
        .tools.map((/** @type {any} */ tool) => tool.function.name)
        .sort(),
      ['bash', 'bash_process', 'edit', 'read', 'search', 'write'],
    );
    assert.equal(await chat.locator('.message-footer:visible').count(), 1, 'One footer for the rounds of one answer.');
  });

  await scenario.step('An edit asks above the composer and shows what would change', async () => {
    await ask(workbench, 'Fix the days');
    await approval('Edit this file?').waitFor({ timeout: 60_000 });
    await approval('daysOf').getByRole('button', { name: 'Allow Once' }).waitFor();
    assert.ok(await isInView(approval('daysOf').getByRole('button', { name: 'Deny' })), 'The answers are out of sight.');
    const share = await chat.locator('.approval-dock').evaluate((dock) => dock.getBoundingClientRect().height / window.innerHeight);
    assert.ok(share > 0.1 && share <= 0.401, `The question takes ${Math.round(share * 100)} % of the height.`);
    assert.equal(text('src', 'dates.js'), dates);
  });

  await scenario.look('The question has no serious accessibility finding', async () => {
    await settled();
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('A denial with a reason goes to the model, by keyboard', async () => {
    await approval('daysOf').focus();
    await settled();
    await page.keyboard.press('n');
    await chat.getByRole('textbox', { name: 'Reason for denying (optional)' }).waitFor();
    await page.keyboard.type('Ask me once more.');
    await settled();
    await page.keyboard.press('Enter');
    await chat.getByText('Then I ask again.').waitFor({ timeout: 60_000 });
    assert.match(lastResult(), /Ask me once more\./);
    assert.equal(text('src', 'dates.js'), dates);
  });

  await scenario.step('Yes by the keyboard lets it happen once', async () => {
    await approval('daysOf').waitFor();
    await approval('daysOf').focus();
    await settled();
    await page.keyboard.press('y');
    await workbench.until(async () => text('src', 'dates.js').includes('daysOf(year, month)'));
  });

  await scenario.step('Always shows its rule before it is stored', async () => {
    await approval('100').waitFor();
    await approval('100').getByRole('button', { name: 'Always Allow…' }).waitFor();
    await settled();
    await approval('100').getByRole('button', { name: 'Always Allow…' }).click();
    await approval('Always allow:').waitFor();
    await settled();
  });

  await scenario.step('The rule is stored, the edit is made and the answer ends', async () => {
    await chat.getByRole('button', { name: 'Always Allow' }).click();
    await chat.getByText('Both functions are right now.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.match(text('src', 'dates.js'), /year % 100 !== 0/);
    assert.equal(await changes().count(), 2);
    await calls('edit').first().scrollIntoViewIfNeeded();
  });

  await scenario.step('Review opens how it was on the left and the file on the right', async () => {
    await changes()
      .last()
      .getByRole('button', { name: /^Review/ })
      .click();
    await page.locator('.monaco-diff-editor .editor.original').getByText('day <= 31;').waitFor({ timeout: 30_000 });
    await page.locator('.monaco-diff-editor .editor.modified').getByText('daysOf(year, month)').waitFor();
    await page.getByRole('button', { name: /^Keep Change/ }).waitFor();
  });

  await scenario.step('One place is rejected by the mouse', async () => {
    await page.locator('.monaco-diff-editor .editor.modified').getByText('daysOf(year, month)').click();
    await page.getByRole('button', { name: /^Undo Change/ }).click();
    await workbench.until(async () => text('src', 'dates.js').includes('day <= 31;'));
    assert.match(text('src', 'dates.js'), /year % 100 !== 0/, 'The other place is left alone.');
  });

  await scenario.step('The other is accepted by the keyboard', async () => {
    await page.locator('.monaco-diff-editor .editor.modified').getByText('100 !==').click();
    await page.keyboard.press('Control+Alt+y');
    await page
      .locator('.statusbar-item')
      .filter({ hasText: /\d changes? in \d file/ })
      .waitFor({ state: 'hidden' });
    assert.match(text('src', 'dates.js'), /year % 100 !== 0/);
    await page.keyboard.press('Control+w');
  });

  await scenario.step('A command asks with its exact text and how it is held', async () => {
    await backToChat();
    await ask(workbench, 'Build it');
    await approval('Run this command?').waitFor({ timeout: 60_000 });
    await approval(slow).waitFor();
    await approval('Sandbox').waitFor();
    assert.ok(await isInView(approval(slow).locator('dd').last()), 'How it is held is out of sight.');
  });

  await scenario.step('Its output streams into its line while it runs', async () => {
    await settled();
    await approval(slow).getByRole('button', { name: 'Allow Once' }).click();
    await calls('bash').last().getByText('step 2').waitFor();
    assert.ok(!existsSync(file('built.txt')), 'It is over already.');
  });

  await scenario.step('It ends with its whole output', async () => {
    await chat.getByText('It is built.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.match(lastResult(), /step 8/);
    assert.equal(text('built.txt'), 'done');
    await changes().filter({ hasText: 'built.txt' }).waitFor();
  });

  await scenario.step('A hidden character of a command is drawn', async () => {
    await ask(workbench, 'Write something odd');
    await approval('a⟨U+202E⟩b').waitFor({ timeout: 60_000 });
    await approval('1 hidden character').waitFor();
    await settled();
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('It is denied without a reason', async () => {
    await settled();
    await approval('⟨U+202E⟩').getByRole('button', { name: 'Deny' }).click();
    await settled();
    await approval('⟨U+202E⟩').getByRole('button', { name: 'Deny', exact: true }).click();
    await chat.getByText('I leave it.').waitFor();
    assert.ok(!existsSync(file('hidden.txt')));
    await untilFinished(workbench);
  });

  await scenario.step('Edit freely edits without a question', async () => {
    writeFileSync(file('src', 'dates.js'), dates);
    await setMode('Auto-Edit');
    await ask(workbench, 'Fix them freely');
    await chat.getByText('Both are fixed.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.match(text('src', 'dates.js'), /daysOf[^]*year % 100/);
  });

  await scenario.step('A place that the user changed since is shown as a conflict', async () => {
    writeFileSync(file('src', 'dates.js'), text('src', 'dates.js').replace('daysOf(year, month)', 'daysOf(year, month, mine)'));
    await workbench.command('Plue: Review Agent Changes');
    await page.locator('.statusbar-item').filter({ hasText: 'conflict' }).waitFor({ timeout: 30_000 });
    await page.locator('.monaco-editor').getByText('daysOf(year, month, mine)').first().waitFor();
  });

  await scenario.step('Undo reports a conflict and overwrites nothing', async () => {
    await page.keyboard.press('Control+w');
    await backToChat();
    await changes().last().getByRole('button', { name: /^Undo/ }).click();
    await notification(workbench, /changed/)
      .first()
      .waitFor();
    assert.match(text('src', 'dates.js'), /daysOf\(year, month, mine\)/);
  });

  await scenario.step('Plan only changes nothing', async () => {
    await backToChat();
    await setMode('Plan');
    await ask(workbench, 'Only plan');
    await chat.getByText('Here is the plan.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.ok(!existsSync(file('plan.txt')));
    assert.match(lastResult(), /plan/i);
  });

  await scenario.step('A command deletes a file', async () => {
    await setMode('Agent');
    await ask(workbench, 'Clean up');
    await approval(deleting).waitFor({ timeout: 60_000 });
    await settled();
    await approval(deleting).getByRole('button', { name: 'Allow Once' }).click();
    await chat.getByText('The notes are gone.').waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    assert.ok(!existsSync(file('src', 'notes.md')));
    await changes().filter({ hasText: 'notes.md' }).waitFor();
  });

  await scenario.step('Deleted files can be viewed', async () => {
    await changes()
      .filter({ hasText: 'notes.md' })
      .getByRole('button', { name: /^Review/ })
      .click();
    await page.locator('.monaco-diff-editor .editor.original').getByText('What was noted.').waitFor({ timeout: 30_000 });
  });

  await scenario.step('Undo of the turn brings it back', async () => {
    await page.keyboard.press('Control+w');
    await workbench.command('Plue: Undo File Changes of a Turn');
    await pick(workbench, 'Undo File Changes of a Turn', 'Dates');
    await workbench.until(async () => existsSync(file('src', 'notes.md')));
    assert.equal(text('src', 'notes.md'), 'What was noted.\n');
  });

  await scenario.step('Redo takes it away again', async () => {
    await workbench.command('Plue: Redo File Changes of a Turn');
    await pick(workbench, 'Redo File Changes of a Turn', 'Dates');
    await workbench.until(async () => !existsSync(file('src', 'notes.md')));
  });

  await scenario.step('A command that runs is open like a terminal, and Stop ends it alone', async () => {
    await backToChat();
    await ask(workbench, 'Start the server');
    await approval(endless).waitFor({ timeout: 60_000 });
    await settled();
    await approval(endless).getByRole('button', { name: 'Allow Once' }).click();
    const call = calls(endless).last();
    await call.locator('pre', { hasText: /^begun/ }).waitFor();
    // The duration of the command.
    await call.locator('.tool-time').waitFor();
    await requireAccessible(await workbench.chatFrame());
    await workbench.screenshot(inArtifacts('screenshots', 'tools-running-command.png'));
    await call.getByRole('button', { name: 'Stop bash' }).click();
    await chat.getByText('It was stopped; I go on without it.').waitFor();
    assert.match(lastResult(), /^begun\n\[Stopped by the user/);
    await untilFinished(workbench);
  });

  await scenario.step('Stop ends a command that runs, and not only the answer', async () => {
    await backToChat();
    await ask(workbench, 'Wait for it');
    await approval(endless).waitFor({ timeout: 60_000 });
    await settled();
    await approval(endless).getByRole('button', { name: 'Allow Once' }).click();
    await approval(endless).waitFor({ state: 'detached' });
    await calls(endless).locator('.tool-loading').waitFor();
    await chat.getByRole('button', { name: 'Stop (Escape)' }).click();
    await chat.locator('article.assistant.streaming').waitFor({ state: 'detached', timeout: 10_000 });
    await chat.getByText('Stopped.').waitFor();
  });

  await scenario.step('After fifty rounds it stops and asks, and Continue goes on', async () => {
    await ask(workbench, 'Never end');
    await chat.locator('.failure').filter({ hasText: 'The model was called 50 times for this response' }).waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
    await chat.getByRole('button', { name: 'Continue', exact: true }).last().click();
    await chat.getByRole('log').getByText('Understood.').last().waitFor({ timeout: 60_000 });
    await untilFinished(workbench);
  });

  await scenario.step('A chat from another template asks as much as the one before', async () => {
    await workbench.command('Plue: New Chat from Template');
    await pick(workbench, 'New Chat from Template', 'Coder');
    await chat.getByRole('region', { name: 'Getting started' }).waitFor();
    await setMode('Plan');
    await chat.getByRole('button', { name: 'Template: Coder' }).click();
    await chat.getByRole('menuitem', { name: /^Chat(?! Settings)/ }).click();
    await chat.getByRole('button', { name: 'Template: Chat' }).waitFor({ timeout: 30_000 });
    await chat.getByRole('button', { name: 'Mode: Plan' }).waitFor();
    // The template of the empty chat changed; there is no second chat.
    await workbench.command('View: Close Editor');
    await workbench.until(async () => (await page.getByRole('tab', { name: 'New chat' }).count()) === 0);
    await backToChat();
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast', 'Dark Modern'])) {
    await scenario.visual(`Calls and a question are seen in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      // A window that is opened again may show editors that were just closed.
      await workbench.reload();
      await chat.locator(`body.${bodyClass}`).waitFor({ timeout: 60_000 });
      await send(workbench, 'Write something odd');
      await approval('a⟨U+202E⟩b').waitFor({ timeout: 60_000 });
      await settled();
      await requireAccessible(await workbench.chatFrame());
      await workbench.screenshot(inArtifacts('screenshots', `tools-question-${theme.replaceAll(' ', '-')}.png`));
      await settled();
      await approval('⟨U+202E⟩').getByRole('button', { name: 'Deny' }).click();
      await settled();
      await approval('⟨U+202E⟩').getByRole('button', { name: 'Deny', exact: true }).click();
      await untilFinished(workbench);
    });
  }
}
