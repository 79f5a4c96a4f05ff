// VS Code's own prompts: quick picks, input boxes, notifications.

/** @param {import('./workbench.mjs').Workbench} workbench */
const quickInput = (workbench) => workbench.page.locator('.quick-input-widget:visible');

/**
 * Waits for the quick pick with this title and selects a row.
 * @param {import('./workbench.mjs').Workbench} workbench @param {string} title @param {string} row
 */
export async function pick(workbench, title, row) {
  await asked(workbench, title);
  await quickInput(workbench).locator('.monaco-list-row').filter({ hasText: row }).first().click();
}

/**
 * Waits for the input box with this title and types the answer.
 * @param {import('./workbench.mjs').Workbench} workbench @param {string} title @param {string} answer
 */
export async function type(workbench, title, answer) {
  await asked(workbench, title);
  const input = quickInput(workbench).locator('input[type="text"], input[type="password"]').first();
  await input.fill(answer);
  await input.press('Enter');
}

/** @param {import('./workbench.mjs').Workbench} workbench @param {string} title */
export async function asked(workbench, title) {
  await quickInput(workbench).locator('.quick-input-title').filter({ hasText: title }).waitFor();
}

/** Returns the notification with this text. @param {import('./workbench.mjs').Workbench} workbench @param {string | RegExp} words */
export const notification = (workbench, words) =>
  workbench.page.locator('.notifications-toasts .notification-list-item').filter({ hasText: words });
