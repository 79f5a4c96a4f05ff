// A machine without providers and without data.
import { type } from '../../runner/prompts.mjs';
import { closeEditors } from '../album.mjs';

export const views = ['tree', 'approvals', 'providers', 'chat', 'search', 'usage', 'settings', 'trial'];

/** @param {import('../album.mjs').Album} album @param {import('../states.mjs').Open} open */
export async function photograph(album, open) {
  const workbench = await open();
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
  const { page, chat } = workbench;
  const button = (/** @type {string | RegExp} */ name) => chat.getByRole('button', { name });

  await workbench.command('Plue: Manage Providers');
  await chat.getByRole('heading', { name: 'No models connected yet' }).waitFor({ timeout: 60_000 });
  await album.learnThemes(workbench);
  await album.take(workbench, 'providers', 'empty');
  await album.scene(['providers'], async () => {
    await button('More Providers…').click();
    await button('Compare Prices').click();
    await chat.getByRole('columnheader', { name: 'Provider' }).waitFor();
    await album.take(workbench, 'providers', 'catalog');
    await chat.getByRole('searchbox').first().fill('nobody has this');
    await button('Clear Filter').first().waitFor();
    await album.take(workbench, 'providers', 'catalog-nothing-found');
    await chat.getByRole('searchbox').first().fill('');
    await button('Choose OpenAI-compatible server').click();
    await chat.getByRole('textbox', { name: 'Endpoint' }).waitFor();
    await album.take(workbench, 'providers', 'connect');
    await chat.getByRole('textbox', { name: 'Name' }).fill('Lab');
    await chat.getByRole('textbox', { name: 'Endpoint' }).fill('http://127.0.0.1:9/v1');
    await chat.getByRole('button', { name: 'Connect', exact: true }).click();
    await type(workbench, 'Key for Lab', '');
    await chat.getByRole('group', { name: 'Error details' }).or(chat.locator('.failure')).first().waitFor({ timeout: 30_000 });
    await album.take(workbench, 'providers', 'connect-failing');
  });
  await closeEditors(workbench);

  await album.scene(['chat'], async () => {
    await workbench.command('Plue: New Chat');
    await chat.getByRole('region', { name: 'Getting started' }).waitFor();
    await album.take(workbench, 'chat', 'nothing-connected');
    await closeEditors(workbench);
  });

  await album.scene(['search'], async () => {
    await workbench.command('Plue: Search Chats');
    await chat.getByText('Type words or a quoted phrase').waitFor();
    await album.take(workbench, 'search', 'empty');
    await closeEditors(workbench);
  });

  await album.scene(['usage'], async () => {
    await workbench.command('Plue: Show Usage');
    await chat.getByText('No cost').first().waitFor();
    await album.take(workbench, 'usage', 'empty');
    await closeEditors(workbench);
  });

  await album.scene(['settings'], async () => {
    await workbench.command('Plue: Open Settings');
    await chat.getByRole('spinbutton').first().waitFor();
    await album.take(workbench, 'settings', 'full');
    await chat.getByRole('searchbox').fill('nobody has this');
    await album.take(workbench, 'settings', 'nothing-found');
    await closeEditors(workbench);
  });

  await album.scene(['tree', 'approvals'], async () => {
    await workbench.command('View: Show Plue');
    await page.locator('.part.sidebar .welcome-view, .part.sidebar .monaco-list-row').first().waitFor();
    await album.takeWindow(workbench, 'tree', 'empty', { part: '.part.sidebar' });
    await workbench.command('Plue: Show Approvals');
    await workbench.approvals.locator('.empty').waitFor();
    await album.take(workbench, 'approvals', 'empty', { place: 'view' });
  });
}
