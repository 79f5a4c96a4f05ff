import '../shared/localization';
// The Settings page begins here.
import { acquirePanel } from '../shared/panel';
import type { FromSettingsPage } from './messages';
import { readToSettingsPage } from './readMessages';
import { SettingsPage } from './settingsPage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the settings in.');
const panel = acquirePanel<FromSettingsPage>();
const page = new SettingsPage(root, panel);
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = readToSettingsPage(event.data);
  if (message !== undefined) page.receive(message);
});
panel.post({ type: 'ready' });
