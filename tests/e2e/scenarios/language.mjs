// Writing a template by hand: errors while typing, completions, hovers, renames, and quick fixes.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const prompt = '---\ndescription: Looks around and reports.\n---\nYou look for {{goal}}.\n';
const template = `// Looks around.
{
  id: "scout",
  name: "Scout",
  parent_template: "task",
  system_prompt_ref: "codex://prompts/scout",
  fields: [
    { name: "area", type: "select", options: ["server", "window"], description: "Where to look." },
    { name: "depth", type: "number", conditional: { field: "area", value: "server" } },
  ],
}
`;

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const write = (/** @type {string} */ file, /** @type {string} */ text) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  const workbench = await scenario.open({
    prepare: (home) => {
      write(join(home, 'prompts', 'scout.md'), prompt);
      write(join(home, 'providers', 'local.json5'), '{ name: "Local", provider_type: "anthropic", model: "claude-sonnet-4-6" }\n');
      write(join(home, '..', 'workspace', '.plue', 'templates', 'scout.json5'), template);
    },
  });
  const { page } = workbench;
  const file = join(workbench.folder, 'workspace', '.plue', 'templates', 'scout.json5');
  const editor = page.locator('.editor-instance .monaco-editor').first();
  const row = (/** @type {string} */ words) => page.locator('.suggest-widget .monaco-list-row', { hasText: words }).first();
  const squiggle = page.locator('.squiggly-error').first();

  const openFile = async (/** @type {string} */ name, /** @type {string} */ shown) => {
    await page.keyboard.press('Control+P');
    await page.locator('.quick-input-widget input').fill(name);
    // Recently opened files are listed first, and Enter opens the focused row.
    await page.locator('.quick-input-list .monaco-list-row.focused', { hasText: name }).waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.view-line', { hasText: shown }).first().waitFor();
  };
  const goTo = async (/** @type {number} */ line, /** @type {number} */ column) => {
    await page.keyboard.press('Control+G');
    await page.locator('.quick-input-widget input').fill(`:${line}:${column}`);
    await page.keyboard.press('Enter');
    await page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  };
  const columnOf = (/** @type {number} */ line, /** @type {string} */ words) =>
    (readFileSync(file, 'utf8').split('\n')[line - 1] ?? '').indexOf(words) + 1;
  const save = async (/** @type {RegExp} */ words) => {
    await page.keyboard.press('Control+S');
    await workbench.until(async () => words.test(readFileSync(file, 'utf8')));
  };

  await scenario.step('A template is colored as the JSON5 of Plue and has no problems', async () => {
    await workbench.show();
    await openFile('scout.json5', 'Looks around');
    await page.locator('.part.statusbar', { hasText: 'Plue template (JSON5)' }).waitFor();
    await editor.waitFor();
  });

  await scenario.step('The keys of a template are completed with their descriptions', async () => {
    await goTo(6, 100);
    await page.keyboard.press('Enter');
    await page.keyboard.type('bud');
    await page.keyboard.press('Control+Space');
    await row('budget').waitFor({ timeout: 30_000 });
  });

  await scenario.step('A key that is chosen is written with room for its value', async () => {
    await page.keyboard.press('Enter');
    await page.locator('.view-line', { hasText: 'budget:' }).waitFor();
    await page.keyboard.press('Control+Space');
    await row('usd').waitFor({ timeout: 30_000 });
    await page.keyboard.press('Escape');
    await page.keyboard.type('usd: 1');
    await save(/budget: \{ usd: 1 \},/);
  });

  await scenario.step('A wrong tool is marked while it is typed', async () => {
    await goTo(7, 100);
    await page.keyboard.press('Enter');
    await page.keyboard.type('available_tools: ["raed');
    await page.keyboard.press('End');
    await page.keyboard.type(',');
    await squiggle.waitFor({ timeout: 30_000 });
    await save(/raed/);
  });

  const fix = page.locator('.action-widget .monaco-list-row', { hasText: 'Change to “read”' }).first();
  await scenario.step('Quick fixes are listed', async () => {
    await goTo(8, columnOf(8, 'raed') + 1);
    // VS Code drops the request if diagnostics change meanwhile, so it is repeated.
    await workbench.until(async () => {
      await page.keyboard.press('Control+.');
      return await fix.waitFor({ timeout: 3000 }).then(
        () => true,
        () => false,
      );
    });
  });

  await scenario.step('A quick fix replaces the wrong name with the nearest one', async () => {
    await fix.click();
    await page.locator('.view-line', { hasText: '"read"' }).waitFor();
    await squiggle.waitFor({ state: 'detached' });
    await save(/"read"/);
  });

  await scenario.step('A model is offered with its price and window', async () => {
    await goTo(8, 200);
    await page.keyboard.press('Enter');
    await page.keyboard.type('provider_ref: "codex://providers/local", model: "');
    await page.keyboard.press('Control+Space');
    await row('claude-sonnet-4-6').waitFor({ timeout: 30_000 });
    await page.keyboard.type('claude-sonnet-4-6');
    await page.keyboard.press('Escape');
    await page.keyboard.press('End');
    await page.keyboard.type(',');
    await save(/claude-sonnet-4-6/);
  });

  await scenario.step('Hovering a field shows its description', async () => {
    await goTo(5, 5);
    await page.keyboard.press('Control+K');
    await page.keyboard.press('Control+I');
    await page.locator('.monaco-hover', { hasText: 'Template to inherit fields from' }).waitFor({ timeout: 30_000 });
  });

  await scenario.step('A line becomes a comment and a line again, and a list indents what is in it', async () => {
    await page.keyboard.press('Escape');
    await goTo(4, 1);
    await page.keyboard.press('Control+/');
    await page.locator('.view-line', { hasText: '// name: "Scout"' }).waitFor();
    await page.keyboard.press('Control+/');
    await page.locator('.view-line', { hasText: '// name: "Scout"' }).waitFor({ state: 'detached' });
    await goTo(10, 100);
    await page.keyboard.press('Enter');
    await page.locator('.part.statusbar', { hasText: 'Ln 11, Col 5' }).waitFor();
    await page.keyboard.press('Control+Z');
    await page.keyboard.press('Control+S');
  });

  /** Checks hover and navigation in a file that was already open. */
  const hasEverything = async () => {
    // VS Code requests links repeatedly, but a hover only once, so wait until the sidecar responds.
    await page.locator('.view-line .detected-link', { hasText: 'task' }).waitFor({ timeout: 60_000 });
    await page.locator('.breadcrumbs-control', { hasText: 'parent_template' }).waitFor({ timeout: 60_000 });
    await page.keyboard.press('Control+K');
    await page.keyboard.press('Control+I');
    await page.locator('.monaco-hover', { hasText: 'Template to inherit fields from' }).waitFor({ timeout: 60_000 });
  };

  await scenario.step('A sidecar that starts anew knows the file that is open', async () => {
    const before = workbench.sidecarPid();
    await workbench.command('Plue: Restart Sidecar');
    await workbench.nextSidecar(before);
    await page.locator('.view-line', { hasText: 'Looks around' }).first().click();
    // A new error shows that the sidecar has the file; the editor may still show diagnostics of the previous process.
    await goTo(5, 200);
    await page.keyboard.type('?');
    await squiggle.waitFor({ timeout: 60_000 });
    await page.keyboard.press('Backspace');
    await squiggle.waitFor({ state: 'detached' });
    await goTo(5, 5);
    await hasEverything();
  });

  for (const theme of /** @type {const} */ (['Light Modern', 'Default High Contrast'])) {
    await scenario.visual(`The same in ${theme}`, async () => {
      await page.keyboard.press('Escape');
      workbench.setTheme(theme);
      await workbench.reload();
      await page.locator('.view-line', { hasText: 'Looks around' }).first().click();
      await page.locator('.part.statusbar', { hasText: 'Plue template (JSON5)' }).waitFor();
      await goTo(5, 5);
      await hasEverything();
    });
  }

  await scenario.step('A field is renamed in every place where its template names it', async () => {
    await page.keyboard.press('Escape');
    const line = readFileSync(file, 'utf8')
      .split('\n')
      .findIndex((one) => one.includes('name: "area"'));
    await goTo(line + 1, columnOf(line + 1, 'area') + 1);
    await page.keyboard.press('F2');
    const input = page.locator('.rename-box input.rename-input');
    await input.waitFor({ timeout: 30_000 });
    await input.fill('place');
    await page.keyboard.press('Enter');
    await save(/field: "place"/);
  });

  await scenario.step('A parent that ships opens for reading', async () => {
    await goTo(5, columnOf(5, 'task') + 1);
    await page.keyboard.press('F12');
    await page.locator('.view-line', { hasText: 'work that an agent does by itself' }).first().waitFor({ timeout: 30_000 });
    await page.getByRole('tab', { name: /task\.json5/ }).waitFor();
  });

  await scenario.step('Another name for a prompt is shown before it is given', async () => {
    await openFile('scout.json5', 'Looks around');
    await goTo(6, columnOf(6, 'prompts/scout') + 9);
    await page.keyboard.press('F2');
    const input = page.locator('.rename-box input.rename-input');
    await input.waitFor({ timeout: 30_000 });
    await input.fill('ranger');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Apply' }).first().waitFor({ timeout: 30_000 });
  });

  await scenario.step('The prompt has its new name where it lies and where it is named', async () => {
    await page.getByRole('button', { name: 'Apply' }).first().click();
    await workbench.until(async () => existsSync(join(workbench.plueHome, 'prompts', 'ranger.md')));
    await save(/codex:\/\/prompts\/ranger/);
    assert.equal(existsSync(join(workbench.plueHome, 'prompts', 'scout.md')), false);
  });
}
