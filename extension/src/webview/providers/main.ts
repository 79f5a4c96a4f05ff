import '../shared/localization';
// Entry point of the Providers page.
import { acquirePanel, onHostMessage } from '../shared/panel';
import type { FromProvidersPage, ToProvidersPage } from '../../common/messages/providers';
import { ProvidersPage } from './page';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the providers in.');
const panel = acquirePanel<FromProvidersPage>();
const page = new ProvidersPage(root, panel);
onHostMessage((message: ToProvidersPage) => page.receive(message));
panel.post({ type: 'ready' });
