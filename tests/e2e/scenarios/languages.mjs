// Plue in a German and a Chinese VS Code: the tree, the Command Palette and a chat.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inRoot } from '../../../scripts/lib/paths.mjs';

/** @param {import('../runner/scenario.mjs').Scenario} scenario */
export default async function (scenario) {
  for (const [language, name] of /** @type {const} */ ([
    ['de', 'German'],
    ['zh-cn', 'Chinese'],
  ])) {
    await speaks(scenario, language, name);
  }
}

/** @param {import('../runner/scenario.mjs').Scenario} scenario @param {'de' | 'zh-cn'} language @param {string} name */
async function speaks(scenario, language, name) {
  const workbench = await scenario.open({ language });
  const { page } = workbench;
  const manifest = words(`package.nls.${language}.json`);
  const said = words(`l10n/bundle.l10n.${language}.json`);

  await scenario.step(`The palette lists the commands in ${name}`, async () => {
    await workbench.show();
    await page.getByRole('tab', { name: 'Plue', exact: true }).first().waitFor({ timeout: 60_000 });
    await page.keyboard.press('F1');
    const addProvider = `Plue: ${manifest('command.addProvider')}`;
    await page.locator('.quick-input-widget input').fill(`>${addProvider}`);
    await page.locator('.quick-input-list .monaco-list-row', { hasText: addProvider }).first().waitFor();
  });

  await scenario.step(`A chat is answered on a page in ${name}`, async () => {
    await page.keyboard.press('Escape');
    await workbench.command(`Plue: ${manifest('command.newChat')}`);
    assert.equal(await workbench.chat.locator('html').getAttribute('lang'), language);
    await workbench.chat.getByRole('textbox').last().fill('What is Plue?');
    await workbench.chat.locator('.send[aria-disabled="false"]').waitFor();
    await workbench.chat.getByRole('textbox').last().press('Enter');
    await workbench.chat.getByText('This is a recording').first().waitFor({ timeout: 60_000 });
    await workbench.chat.locator('article.assistant.streaming').waitFor({ state: 'detached', timeout: 60_000 });
  });

  await scenario.step(`The tree of chats and the pages speak ${name}`, async () => {
    await page.getByRole('tab', { name: 'Plue', exact: true }).first().click();
    await page
      .getByRole('treeitem', { name: said('Today') })
      .first()
      .waitFor();
    await page
      .getByRole('treeitem', { name: said('Agent Tasks') })
      .first()
      .waitFor();
    await page.getByText(manifest('view.approvals')).first().waitFor();
    await workbench.approvals.getByText(said('No pending approvals')).waitFor();
    await workbench.chat.locator('article').getByText(said('You'), { exact: true }).waitFor();
  });
}

/** Returns the texts of a file by key; throws for a missing one. @param {string} file @returns {(key: string) => string} */
function words(file) {
  const all = JSON.parse(readFileSync(inRoot(file), 'utf8'));
  return (key) => {
    assert.ok(all[key], `${file} has no words for ${key}.`);
    return all[key];
  };
}
