import '../shared/localization';
// Entry point of the page of a comparison.
import { acquirePanel, onHostMessage } from '../shared/panel';
import type { FromComparePage, ToComparePage } from '../../common/messages/compare';
import { ComparePage } from './comparePage';
import { readSavedState } from './savedState';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the comparison in.');
const panel = acquirePanel<FromComparePage>();
const page = new ComparePage(root, panel, readSavedState(panel.getState()));
onHostMessage((message: ToComparePage) => page.receive(message));
