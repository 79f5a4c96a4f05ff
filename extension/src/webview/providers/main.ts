import '../shared/localization';
// The Providers page begins here.
import { acquirePanel } from '../shared/panel';
import type { FromPage } from './messages';
import { ProvidersPage } from './page';
import { readToPage } from './readToPage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the providers in.');
const panel = acquirePanel<FromPage>();
const page = new ProvidersPage(root, panel);
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = readToPage(event.data);
  if (message !== undefined) page.receive(message);
});
panel.post({ type: 'ready' });
