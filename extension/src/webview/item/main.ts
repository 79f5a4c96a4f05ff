import '../shared/localization';
// The page of an item begins here.
import { acquirePanel } from '../shared/panel';
import { ItemPage } from './itemPage';
import type { FromItemPage } from './messages';
import { readKeptForms, readToItemPage } from './readMessages';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the item in.');
const panel = acquirePanel<FromItemPage>();
const page = new ItemPage(root, panel, readKeptForms(panel.getState()));
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = readToItemPage(event.data);
  if (message !== undefined) page.receive(message);
});
