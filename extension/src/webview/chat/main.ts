import '../shared/localization';
// The chat page begins here: one chat, one panel.
import { acquirePanel, type Panel } from '../shared/panel';
import { readPageState, readToPage } from '../shared/toPage';
import { ChatPage } from './render';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the chat in.');
const panel: Panel = acquirePanel((isLost) => page.changeHost(isLost));
const codexId = root.dataset['codexId'] ?? '';
const page = new ChatPage(root, panel, codexId, readPageState(panel.getState(), codexId));
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = readToPage(event.data);
  if (message !== undefined) page.receive(message);
});
panel.post({ type: 'ready' });
