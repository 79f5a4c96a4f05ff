// The chat page begins here: one chat, one panel.
import { element } from '../shared/element';
import { acquirePanel } from '../shared/panel';
import { readPageState, readToPage } from '../shared/toPage';
import { ChatPage } from './render';

const panel = acquirePanel();
const root = document.getElementById('app') ?? document.body.appendChild(element('main', { id: 'app' }));
const codexId = root.dataset['codexId'] ?? document.body.dataset['codexId'] ?? '';
const page = new ChatPage(root, panel, codexId, readPageState(panel.getState(), codexId));
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = readToPage(event.data);
  if (message !== undefined) page.receive(message);
});
panel.post({ type: 'ready' });
