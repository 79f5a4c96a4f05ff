import '../shared/localization';
// Entry point of the chat webview.
import type { ToChatPage } from '../../common/messages/chat';
import { acquirePanel, onHostMessage, type Panel } from '../shared/panel';
import { readSavedState } from './state/savedState';
import { ChatPage } from './chatPage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the chat in.');
const panel: Panel = acquirePanel((isLost) => page.changeHost(isLost));
const codexId = root.dataset['codexId'] ?? '';
const page = new ChatPage(root, panel, codexId, readSavedState(panel.getState(), codexId));
onHostMessage((message: ToChatPage) => page.receive(message));
panel.post({ type: 'ready' });
