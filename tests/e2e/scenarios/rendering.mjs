// A response with all kinds of content: its rendering, and the actions on its code.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requireAccessible } from '../runner/accessibility.mjs';
import { answers, ask, isStreaming, newChat, untilFinished } from '../runner/chatPage.mjs';
import { asked, notification, type } from '../runner/prompts.mjs';
import { ScriptedEndpoint } from '../runner/scriptedEndpoint.mjs';

const dot = 'iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAIAAABvFaqvAAAAH0lEQVR42mO44OBAFcQwatCoQaMGjRo0atCoQQNvEADSfPQfNDuN4QAAAABJRU5ErkJggg==';

const before = `export function parse(text) {
  return new Date(text);
}

export function format(date) {
  return date.toISOString();
}
`;

const everything = `## Reading dates

The sum is $\\sum_{k=1}^{n} k = \\frac{n(n+1)}{2}$, and it costs $5 or $6.

$$
\\begin{aligned}
f(x) &= \\int_0^1 \\sqrt{1 + x^2}\\,dx \\\\
     &= \\begin{pmatrix} a & b \\\\ c & d \\end{pmatrix}
\\end{aligned}
$$

| Name | Price | Says |
|:-----|------:|:-----|
| one  |     1 | $a_1$ |
| two  |    20 | **bold** |

- [x] read
- [ ] write

![a square](data:image/png;base64,${dot}) and ![a chart](https://charts.example.org/a.png?secret=1)

\`\`\`js src/date.js
export function parse(text) {
  if (text === '') return undefined;
  return new Date(text);
}
\`\`\`

\`\`\`py
# tools/run.py
print('hello')
\`\`\`

\`\`\`mermaid
flowchart LR
  A --> B
\`\`\`

\`\`\`js ../outside.js
stolen();
\`\`\`

\`\`\`json .vscode/tasks.json
{ "version": "2.0.0" }
\`\`\`

\`\`\`diff
 const day = 1;
-const month = 1;
+const month = 2;
\`\`\`
`;

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const endpoint = await new ScriptedEndpoint().start();
  endpoint.text = everything;
  const workbench = await scenario.open({
    env: { PLUE_OPEN_CHAT: '1' },
    prepare: (home) => {
      mkdirSync(join(home, 'providers'), { recursive: true });
      const settings = { name: 'House', provider_type: 'openai-compatible', endpoint: endpoint.url, auth_type: 'none', model: 'small-1' };
      writeFileSync(join(home, 'providers', 'house.json5'), JSON.stringify(settings));
      const workspace = join(dirname(home), 'workspace');
      mkdirSync(join(workspace, 'src'), { recursive: true });
      writeFileSync(join(workspace, 'src', 'date.js'), before);
      symlinkSync(dirname(home), join(workspace, 'away'));
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
  const { page } = workbench;
  const file = (/** @type {string} */ path) => readFileSync(join(workbench.folder, 'workspace', path), 'utf8');
  const answer = () => answers(workbench).last();
  const code = (/** @type {string} */ words) => answer().locator('.code').filter({ hasText: words });
  const act = async (/** @type {string} */ words, /** @type {string} */ action) => {
    await code(words).scrollIntoViewIfNeeded();
    await code(words).hover();
    await code(words).getByRole('button', { name: action }).click();
  };
  const titleAction = (/** @type {string} */ name) => page.locator('.editor-actions').getByRole('button', { name });
  const backToChat = async () => {
    await workbench.command('View: Close All Editors in Group');
    await workbench.command('Plue: Open Chat');
    await answer().waitFor({ timeout: 60_000 });
  };

  await scenario.step('An answer with everything in it arrives', async () => {
    await workbench.show();
    await workbench.chat.getByRole('textbox', { name: 'Message' }).waitFor({ timeout: 60_000 });
    await ask(workbench, 'Show me everything');
    await untilFinished(workbench);
  });

  await scenario.step('Formulas are set, and money stays money', async () => {
    await answer().locator('math').first().waitFor();
    assert.equal(await answer().locator('.formula.display math').count(), 1);
    assert.match(await answer().innerText(), /it costs \$5 or \$6/);
    await answer().locator('math').first().scrollIntoViewIfNeeded();
  });

  await scenario.step('A table can be taken along', async () => {
    const table = answer().locator('.table-block');
    await table.scrollIntoViewIfNeeded();
    await table.hover();
    await table.getByRole('button', { name: 'Copy as CSV' }).click();
  });

  await scenario.step('Added and removed lines of a diff have colors of their own', async () => {
    const background = (/** @type {string} */ name) =>
      answer()
        .locator(name)
        .first()
        .evaluate((line) => getComputedStyle(line).backgroundColor);
    await answer().locator('.hljs-addition').first().scrollIntoViewIfNeeded();
    assert.notEqual(await background('.hljs-addition'), await background('.hljs-deletion'));
  });

  await scenario.step('Embedded images are shown, external ones are links with their host', async () => {
    await answer().getByRole('img', { name: 'a square' }).scrollIntoViewIfNeeded();
    await answer().getByText('(charts.example.org)').waitFor();
    assert.ok(
      await answer()
        .locator('img.image')
        .evaluate((/** @type {HTMLImageElement} */ image) => image.complete && image.naturalWidth === 24),
    );
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast', 'Dark Modern'])) {
    await scenario.visual(`The answer has no serious accessibility finding in ${theme}`, async () => {
      const bodyClass = workbench.setTheme(theme);
      await workbench.show();
      const themed = workbench.chat.locator(`body.${bodyClass}`);
      // The first window after a long response may open without its page, so it is opened again.
      await themed.waitFor({ timeout: 20_000 }).catch(async () => {
        await workbench.show();
        await themed.waitFor({ timeout: 60_000 });
      });
      await answer().locator('math').first().waitFor();
      await answer().locator('h2').scrollIntoViewIfNeeded();
      await requireAccessible(await workbench.chatFrame());
    });
  }

  await scenario.step('The actions of code are reached with the keyboard', async () => {
    await code('export function parse').locator('pre').focus();
    await page.keyboard.press('Shift+Tab');
    assert.equal(
      await code('export function parse')
        .getByRole('button', { name: 'New File' })
        .evaluate((node) => node === document.activeElement),
      true,
    );
  });

  await scenario.step('Code is shown against the file it names, and nothing is written', async () => {
    await act('export function parse', 'Apply as Diff');
    await page.locator('.tab').filter({ hasText: 'date.js (proposed: lines 1–4)' }).waitFor({ timeout: 30_000 });
    await page.locator('.monaco-diff-editor .line-insert').first().waitFor();
    assert.equal(file('src/date.js'), before);
  });

  await scenario.step('The kept change is in the file, and the rest of the file is unchanged', async () => {
    await titleAction('Keep Change').click();
    await workbench.until(async () => file('src/date.js') !== before);
    assert.equal(file('src/date.js'), before.replace('parse(text) {\n', "parse(text) {\n  if (text === '') return undefined;\n"));
    await page.locator('.tab').filter({ hasText: 'proposed' }).waitFor({ state: 'detached' });
  });

  await scenario.step('Discarded, nothing changes', async () => {
    const kept = file('src/date.js');
    writeFileSync(join(workbench.folder, 'workspace', 'src', 'date.js'), before);
    await backToChat();
    await act('export function parse', 'Apply as Diff');
    await page.locator('.tab').filter({ hasText: 'proposed' }).waitFor();
    await titleAction('Discard Change').click();
    await page.locator('.tab').filter({ hasText: 'proposed' }).waitFor({ state: 'detached' });
    assert.equal(file('src/date.js'), before);
    assert.notEqual(kept, before);
  });

  await scenario.step('Code for a file outside of the folder is refused', async () => {
    await backToChat();
    await act('stolen()', 'Apply as Diff');
    await notification(workbench, 'is outside the workspace folder').waitFor();
  });

  await scenario.step('Code for a file that decides what runs is asked about', async () => {
    await act('"version"', 'Apply as Diff');
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.filter({ hasText: 'can control which programs run' }).waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  await scenario.step('Code is saved as the new file that it names, after asking', async () => {
    await act("print('hello')", 'New File');
    await asked(workbench, 'New File');
    await type(workbench, 'New File', 'tools/run.py');
    await page.locator('.tab').filter({ hasText: 'run.py' }).waitFor();
    assert.equal(file('tools/run.py'), "print('hello')\n");
  });

  await scenario.step('A new file through a link out of the folder is refused', async () => {
    await backToChat();
    await act("print('hello')", 'New File');
    await type(workbench, 'New File', 'away/run.py');
    await notification(workbench, 'away/run.py is outside the workspace folder').waitFor();
  });

  await scenario.step('A diagram opens in the preview of VS Code', async () => {
    await act('flowchart', 'Open Preview');
    const tab = (/** @type {string} */ words) => page.locator('.tab').filter({ hasText: words });
    await tab('Preview').click();
    await workbench.command('View: Close Editor');
    await tab('Preview').waitFor({ state: 'detached' });
    // VS Code asks whether to save an unsaved document each time its group is closed.
    await tab('```mermaid').click();
    await workbench.command('View: Close Editor');
    await page.locator('.monaco-dialog-box').getByRole('button', { name: "Don't Save" }).click();
    await tab('```mermaid').waitFor({ state: 'detached' });
  });

  await scenario.look('No request leaves the window', async () => {
    // Requests for Plue's own files that a reload canceled are also listed; their host exists in no network.
    const foreign = (await workbench.requests.leaks()).filter((url) => !new URL(url).host.endsWith('.vscode-resource.vscode-cdn.net'));
    assert.deepEqual(foreign, []);
  });

  await scenario.step('A hidden chat sends a notification when its response has arrived', async () => {
    await backToChat();
    endpoint.manner = 'answers slowly';
    endpoint.text = 'One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen.';
    await ask(workbench, 'Count');
    await isStreaming(workbench);
    endpoint.manner = 'answers';
    await newChat(workbench);
    await notification(workbench, 'response ready').waitFor({ timeout: 30_000 });
  });
}
