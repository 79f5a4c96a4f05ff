import '../shared/localization';
// The Search page begins here.
import { acquirePanel } from '../shared/panel';
import type { FromSearchPage } from './messages';
import { readKeptSearch, readToSearchPage } from './readMessages';
import { SearchPage } from './searchPage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the search in.');
const panel = acquirePanel<FromSearchPage>();
const page = new SearchPage(root, panel, readKeptSearch(panel.getState()));
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = readToSearchPage(event.data);
  if (message !== undefined) page.receive(message);
});
