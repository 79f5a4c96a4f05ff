// User actions on a chat page.

/** @param {import('./workbench.mjs').Workbench} workbench */
export const composer = (workbench) => workbench.chat.getByRole('textbox', { name: 'Message' });

/** @param {import('./workbench.mjs').Workbench} workbench */
export const answers = (workbench) => workbench.chat.getByRole('article', { name: /^Response/ });

/** Stops the response; tool calls and subtasks have their own buttons. @param {import('./workbench.mjs').Workbench} workbench */
const stopButton = (workbench) => workbench.chat.getByRole('button', { name: 'Stop (Escape)' });

/** Opens a new chat; requires that the previous chat has messages. @param {import('./workbench.mjs').Workbench} workbench */
export async function newChat(workbench) {
  await workbench.command('Plue: New Chat');
  await workbench.chat.getByRole('region', { name: 'Getting started' }).waitFor();
}

/** Types a message and presses Enter, without waiting for a result. @param {import('./workbench.mjs').Workbench} workbench @param {string} question */
export async function send(workbench, question) {
  await composer(workbench).fill(question);
  // Sending is not possible while the sidecar starts or a response is running.
  await workbench.chat.locator('button[aria-label^="Send"][aria-disabled="false"]').waitFor();
  await composer(workbench).press('Enter');
}

/** @param {import('./workbench.mjs').Workbench} workbench @param {string} question */
export async function ask(workbench, question) {
  await send(workbench, question);
  await workbench.chat.getByRole('article', { name: 'Your message' }).filter({ hasText: question }).last().waitFor();
}

/** Waits until a response has started to stream text. @param {import('./workbench.mjs').Workbench} workbench */
export async function isStreaming(workbench) {
  await workbench.chat.locator('article.assistant.streaming').filter({ hasText: /\w{3}/ }).waitFor();
}

/** @param {import('./workbench.mjs').Workbench} workbench */
export async function stop(workbench) {
  await stopButton(workbench).click();
}

/** Waits until the turn has ended. @param {import('./workbench.mjs').Workbench} workbench */
export async function untilFinished(workbench) {
  await answers(workbench).last().waitFor();
  await workbench.chat.locator('article.assistant.streaming').waitFor({ state: 'detached', timeout: 60_000 });
  await stopButton(workbench).waitFor({ state: 'detached', timeout: 60_000 });
}

/** Drops files on the chat, as VS Code does for a drag with Shift. @param {import('./workbench.mjs').Workbench} workbench @param {string[]} paths */
export async function drop(workbench, paths) {
  const frame = await workbench.chatFrame();
  await frame.evaluate(
    (uris) => {
      const dataTransfer = new DataTransfer();
      dataTransfer.setData('text/uri-list', uris.join('\r\n'));
      for (const type of ['dragenter', 'dragover', 'drop'])
        document.querySelector('#app')?.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    },
    paths.map((path) => `file://${path}`),
  );
}

/**
 * Scrolls through the text of an approval, which can be allowed only after each line was in view.
 * @param {import('playwright-core').FrameLocator | import('playwright-core').Locator} at
 */
export async function viewAllLines(at) {
  const next = at.getByRole('button', { name: 'Show Next Lines' });
  for (let screens = 0; await next.isVisible(); screens++) {
    if (screens === 100) throw new Error('The lines of the approval never end.');
    await next.click();
  }
}
