// The user's own documents, with every kind of field.
import { readFileSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { pick } from '../../runner/prompts.mjs';

export const views = ['item'];

const recipe = `{
  id: "recipe", name: "Recipe", description: "What to cook, and how.", version: "1.0.0",
  fields: [
    { name: "title", type: "text", required: true },
    { name: "servings", type: "number", min: 1, default: 2, description: "For how many, where a child counts half and somebody who came by bicycle twice." },
    { name: "course", type: "select", options: ["starter", "main", "dessert"] },
    { name: "vegetarian", type: "boolean", description: "Without fish, too." },
    { name: "found_at", type: "url" },
    { name: "cooked_last", type: "datetime" },
    { name: "notes", type: "textarea" },
    { name: "steps", type: "array", items: { type: "text" } },
    { name: "a_field_with_a_name_that_is_very_long_and_has_no_place_to_break", type: "text" },
    { name: "source", type: "object", properties: [{ name: "book", type: "text" }, { name: "the_page_and_the_line_in_it", type: "number" }] },
  ],
}
`;

/** @param {import('../album.mjs').Album} album @param {import('../states.mjs').Open} open */
export async function photograph(album, open) {
  const workbench = await open({
    prepare: (home) => {
      mkdirSync(join(home, 'templates'), { recursive: true });
      writeFileSync(join(home, 'templates', 'recipe.json5'), recipe);
    },
  });
  try {
    await workbench.show();
    await workbench.command('View: Close Primary Side Bar');
    await pose(album, workbench);
  } finally {
    await workbench.close();
  }
}

/** @param {import('../album.mjs').Album} album @param {import('../../runner/workbench.mjs').Workbench} workbench */
async function pose(album, workbench) {
  const { chat } = workbench;
  await workbench.command('Plue: New Item from Template…');
  await pick(workbench, 'New Item from Template', 'Recipe');
  const title = chat.getByRole('textbox', { name: 'Title' });
  await title.waitFor({ timeout: 60_000 });
  await album.learnThemes(workbench);
  await album.take(workbench, 'item', 'new');
  await chat.getByRole('button', { name: 'Create' }).click();
  await album.take(workbench, 'item', 'new-refused');
  await title.fill('Soup of the day before yesterday, as the grandmother of my neighbor cooked it');
  await chat.getByRole('button', { name: 'Create' }).click();
  await chat.getByRole('button', { name: 'Save' }).waitFor();
  await album.take(workbench, 'item', 'saved');
  const folder = join(workbench.plueHome, 'items');
  const file = join(folder, readdirSync(folder)[0] ?? '');
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replace(/servings: \d+/, 'servings: 8')
      .replace(/^\{/, '{ // Changed.\n'),
  );
  await chat.getByLabel('Servings', { exact: true }).fill('7');
  await chat.getByRole('button', { name: 'Save' }).click();
  await chat.getByText('The file changed on disk').waitFor();
  await album.take(workbench, 'item', 'changed-elsewhere');
  writeFileSync(file, '{ title: ');
  await chat.getByRole('button', { name: 'Reload' }).click();
  await chat.locator('.banner:visible').first().waitFor();
  await album.take(workbench, 'item', 'failing');
}
