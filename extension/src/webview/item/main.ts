import '../shared/localization';
// Entry point of the form.
import { acquirePanel, onHostMessage } from '../shared/panel';
import { ItemPage } from './itemPage';
import type { FromItemPage, ToItemPage } from '../../common/messages/item';
import { readSavedState } from './savedState';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the item in.');
const panel = acquirePanel<FromItemPage>();
const page = new ItemPage(root, panel, readSavedState(panel.getState()));
onHostMessage((message: ToItemPage) => page.receive(message));
