import '../shared/localization';
// Entry point of the Settings page.
import { acquirePanel, onHostMessage } from '../shared/panel';
import type { FromSettingsPage, ToSettingsPage } from '../../common/messages/settings';
import { SettingsPage } from './settingsPage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the settings in.');
const panel = acquirePanel<FromSettingsPage>();
const page = new SettingsPage(root, panel);
onHostMessage((message: ToSettingsPage) => page.receive(message));
panel.post({ type: 'ready' });
