import '../shared/localization';
// Entry point of the chat webview.
import type { FromChatPage, ToChatPage } from '../../common/messages/chat';
import { acquirePanel, afterLoad, onHostMessage, type Panel } from '../shared/panel';
import { readSavedState, type SavedState } from '../../common/messages/savedState';
import { element } from '../shared/element';
import { ChatPage } from './chatPage';

const found = document.getElementById('app');
if (found === null) throw new Error('The page has no #app to draw the chat in.');
let root = found;
let isLoaded = false;
/** Messages of a page that has not loaded. The host ignores them before `ready`. */
const early: FromChatPage[] = [];
const webview: Panel = acquirePanel((isLost) => page.changeHost(isLost));
const panel: Panel = {
  ...webview,
  post: (message) => {
    if (isLoaded) webview.post(message);
    else early.push(message);
  },
  setState: (state) => {
    webview.setState(state);
    // Stored for another webview, which may show the chat next. The state of a new page is what the panel has.
    const saved = readSavedState(state);
    if (saved !== undefined && isLoaded) webview.post({ type: 'saved', state: saved });
  },
};
const first = root.dataset['codexId'] ?? '';
const inPage: unknown = JSON.parse(document.getElementById('saved')?.textContent || 'null');
// VS Code's own copy is newer, unless the webview showed another chat before.
let page = new ChatPage(
  root,
  panel,
  first,
  [panel.getState(), inPage].map(readSavedState).find((state) => state?.codexId === first),
);
window.addEventListener('focus', () => panel.post({ type: 'focused', isFocused: true }));
window.addEventListener('blur', () => {
  page.saveNow();
  panel.post({ type: 'focused', isFocused: false });
});
onHostMessage((message: ToChatPage) => {
  if (message.type === 'openChat') openChat(message.codexId, message.saved);
  else page.receive(message);
});
afterLoad(() => {
  isLoaded = true;
  panel.post({ type: 'ready', codexId: page.codexId, ...(page.hasChat ? { hasChat: true } : {}) });
  for (const message of early.splice(0)) panel.post(message);
});

/** Shows another chat in this page, which is faster than reloading the page. */
function openChat(codexId: string, saved: SavedState | undefined): void {
  page.dispose();
  // A new element has no listeners of the previous chat.
  const next = element('main', { id: root.id, 'data-codex-id': codexId, 'data-key': `chat ${codexId}` });
  root.replaceWith(next);
  root = next;
  panel.post({ type: 'ready', codexId });
  panel.post({ type: 'focused', isFocused: document.hasFocus() });
  if (saved !== undefined) panel.setState(saved);
  page = new ChatPage(root, panel, codexId, saved);
}
