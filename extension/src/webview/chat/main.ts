import '../shared/localization';
// Entry point of the chat webview.
import type { ToChatPage } from '../../common/messages/chat';
import { acquirePanel, onHostMessage, type Panel } from '../shared/panel';
import { readSavedState } from '../../common/messages/savedState';
import { ChatPage } from './chatPage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the chat in.');
const webview: Panel = acquirePanel((isLost) => page.changeHost(isLost));
const panel: Panel = {
  ...webview,
  setState: (state) => {
    webview.setState(state);
    // Another webview, with its own state, may show the chat next.
    const saved = readSavedState(state);
    if (saved !== undefined) webview.post({ type: 'saved', state: saved });
  },
};
// Sent first: the panel reads the chat meanwhile, and ignores a page until it is ready.
panel.post({ type: 'ready' });
const codexId = root.dataset['codexId'] ?? '';
const inPage: unknown = JSON.parse(document.getElementById('saved')?.textContent || 'null');
// What VS Code kept is newer, unless the webview showed another chat before.
const saved = [panel.getState(), inPage].map(readSavedState).find((state) => state?.codexId === codexId);
const page = new ChatPage(root, panel, codexId, saved);
window.addEventListener('focus', () => panel.post({ type: 'focused', isFocused: true }));
window.addEventListener('blur', () => {
  page.saveNow();
  panel.post({ type: 'focused', isFocused: false });
});
onHostMessage((message: ToChatPage) => page.receive(message));
