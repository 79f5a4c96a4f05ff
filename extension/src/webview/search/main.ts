import '../shared/localization';
// Entry point of the Search page.
import { acquirePanel, onHostMessage } from '../shared/panel';
import type { FromSearchPage, ToSearchPage } from '../../common/messages/search';
import { readSavedState } from './savedState';
import { SearchPage } from './searchPage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the search in.');
const panel = acquirePanel<FromSearchPage>();
const page = new SearchPage(root, panel, readSavedState(panel.getState()));
onHostMessage((message: ToSearchPage) => page.receive(message));
