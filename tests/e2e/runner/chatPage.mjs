// What a person does on a chat page, in the words of the page.

/** @param {import('./workbench.mjs').Workbench} workbench */
export const composer = (workbench) => workbench.chat.getByRole('textbox', { name: 'Message' });

/** @param {import('./workbench.mjs').Workbench} workbench */
export const answers = (workbench) => workbench.chat.getByRole('article', { name: /^Response/ });

const stopButton = (/** @type {import('./workbench.mjs').Workbench} */ workbench) => workbench.chat.getByRole('button', { name: /^Stop/ });

/** Opens a new chat; the one in front before had messages. @param {import('./workbench.mjs').Workbench} workbench */
export async function newChat(workbench) {
  await workbench.command('Plue: New Chat');
  await workbench.chat.getByRole('region', { name: 'Getting started' }).waitFor();
}

/** Types and presses Enter, whatever comes of it. @param {import('./workbench.mjs').Workbench} workbench @param {string} question */
export async function send(workbench, question) {
  await composer(workbench).fill(question);
  // While the sidecar starts, or an answer is under way, nothing can be sent.
  await workbench.chat.locator('button[aria-label^="Send"][aria-disabled="false"]').waitFor();
  await composer(workbench).press('Enter');
}

/** @param {import('./workbench.mjs').Workbench} workbench @param {string} question */
export async function ask(workbench, question) {
  await send(workbench, question);
  await workbench.chat.getByRole('article', { name: 'Your message' }).filter({ hasText: question }).last().waitFor();
}

/** An answer is under way and some of it can be read. @param {import('./workbench.mjs').Workbench} workbench */
export async function isStreaming(workbench) {
  await workbench.chat.locator('article.assistant.streaming').filter({ hasText: /\w{3}/ }).waitFor();
}

/** @param {import('./workbench.mjs').Workbench} workbench */
export async function stop(workbench) {
  await stopButton(workbench).click();
}

/** The turn is over: nothing is left to stop. @param {import('./workbench.mjs').Workbench} workbench */
export async function untilFinished(workbench) {
  await answers(workbench).last().waitFor();
  await workbench.chat.locator('article.assistant.streaming').waitFor({ state: 'detached', timeout: 60_000 });
  await stopButton(workbench).waitFor({ state: 'detached', timeout: 60_000 });
}

/** Drops files on the chat, as VS Code hands a drag on while Shift is held. @param {import('./workbench.mjs').Workbench} workbench @param {string[]} paths */
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

/** Scrolls through what an approval shows: it can be allowed only after each line was in view. @param {import('playwright-core').FrameLocator | import('playwright-core').Locator} at */
export async function viewAllLines(at) {
  const next = at.getByRole('button', { name: 'Show Next Lines' });
  for (let screens = 0; await next.isVisible(); screens++) {
    if (screens === 100) throw new Error('The lines of the approval never end.');
    await next.click();
  }
}
