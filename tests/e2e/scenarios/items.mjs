// The user's own documents: an item created from a template, its versions, and the trash.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireAccessible } from '../runner/accessibility.mjs';

const recipe = `{
  id: "recipe", name: "Recipe", description: "What to cook, and how.", version: "1.0.0",
  fields: [
    { name: "title", type: "text" },
    { name: "servings", type: "number", min: 1, default: 2, description: "For how many." },
    { name: "course", type: "select", options: ["starter", "main", "dessert"] },
    { name: "steps", type: "array", items: { type: "text" } },
  ],
}
`;

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  const workbench = await scenario.open({
    prepare: (home) => {
      mkdirSync(join(home, 'templates'), { recursive: true });
      writeFileSync(join(home, 'templates', 'recipe.json5'), recipe);
    },
  });
  const { page } = workbench;
  const form = () => workbench.chat;
  const file = join(workbench.plueHome, 'items', 'soup.json5');
  const written = async (/** @type {RegExp} */ words) =>
    workbench.until(async () => existsSync(file) && words.test(readFileSync(file, 'utf8')));
  const choose = async (/** @type {string} */ words) => {
    await page.locator('.quick-input-list .monaco-list-row', { hasText: words }).first().waitFor({ timeout: 30_000 });
    await page.locator('.quick-input-list .monaco-list-row', { hasText: words }).first().click();
  };

  await scenario.step('An item is made from a template with a form', async () => {
    await workbench.show();
    await workbench.command('Plue: New Item from Template…');
    await choose('Recipe');
    await form().getByRole('textbox', { name: 'Title' }).fill('Soup', { timeout: 60_000 });
    await form().getByLabel('Servings', { exact: true }).fill('4');
    await form().getByLabel('Course', { exact: true }).selectOption('starter');
    await form().getByRole('button', { name: 'Create' }).click();
    await written(/servings: 4/);
    await form().getByRole('heading', { name: 'Soup' }).waitFor();
  });

  await scenario.step('A change is saved into its file', async () => {
    await form().getByLabel('Servings', { exact: true }).fill('6');
    await form().getByRole('button', { name: 'Save' }).click();
    await written(/servings: 6/);
  });

  await scenario.look('The form has no accessibility findings', async () => requireAccessible(await workbench.chatFrame()));

  await scenario.step('A save that conflicts with an external change keeps the input and offers to reload', async () => {
    writeFileSync(file, readFileSync(file, 'utf8').replace('servings: 6', 'servings: 8'));
    await form().getByLabel('Servings', { exact: true }).fill('7');
    await form().getByRole('button', { name: 'Save' }).click();
    await form().getByText('The file changed on disk').waitFor();
    assert.equal(await form().getByLabel('Servings', { exact: true }).inputValue(), '7');
  });

  await scenario.step('Reload shows the current content of the file', async () => {
    await form().getByRole('button', { name: 'Reload' }).click();
    await form().getByText('The file changed on disk').waitFor({ state: 'detached' });
    assert.equal(await form().getByLabel('Servings', { exact: true }).inputValue(), '8');
  });

  await scenario.step('The form is there after a reload of the window, in light', async () => {
    workbench.setTheme('Light Modern');
    await workbench.reload();
    await form().getByRole('heading', { name: 'Soup' }).waitFor({ timeout: 60_000 });
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.look('The form in high contrast', async () => {
    workbench.setTheme('Default High Contrast');
    await workbench.reload();
    await form().getByRole('heading', { name: 'Soup' }).waitFor({ timeout: 60_000 });
    await requireAccessible(await workbench.chatFrame());
  });

  await scenario.step('The history lists who changed what, and when', async () => {
    await workbench.command('Plue: Show History…');
    await choose('Soup');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Created' }).first().waitFor();
  });

  await scenario.step('A version is compared with how it is now', async () => {
    await choose('Created');
    await page.getByRole('tab', { name: /Soup: version 1 ↔ current/ }).waitFor();
    await page.locator('.monaco-diff-editor .view-line', { hasText: 'servings' }).first().waitFor();
  });

  await scenario.step('An old version is restored, and the history keeps the one it replaced', async () => {
    await workbench.command('Plue: Restore This Version');
    await written(/servings: 4/);
    // Wait until the comparison is closed: the form then takes focus, which would close a list that is already open.
    await page.getByRole('tab', { name: /Soup: version 1/ }).waitFor({ state: 'detached' });
    await workbench.until(
      async () =>
        (await form()
          .getByLabel('Servings', { exact: true })
          .inputValue()
          .catch(() => '')) === '4',
    );
    await form().locator(':focus').waitFor();
  });

  await scenario.step('The last change is undone', async () => {
    await workbench.command('Plue: Undo Last Change to Item');
    await choose('Soup');
    await written(/servings: 8/);
  });

  await scenario.step('A deleted item goes to the trash', async () => {
    await workbench.command('Plue: Delete Item, Prompt, or Template…');
    await choose('Soup');
    await workbench.until(async () => !existsSync(file));
  });

  await scenario.step('It comes back from the trash whole', async () => {
    await workbench.command('Plue: Restore Item, Prompt, Template, or Provider from Trash…');
    await choose('Soup');
    await written(/servings: 8/);
  });
}
