import '../shared/localization';
// Entry point of the Usage page.
import { acquirePanel, onHostMessage } from '../shared/panel';
import { drawChart } from './chart';
import type { FromUsagePage, ToUsagePage } from '../../common/messages/usage';
import { readSavedState } from './savedState';
import { UsagePage } from './usagePage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the usage in.');
const panel = acquirePanel<FromUsagePage>();
const page = new UsagePage(root, panel, readSavedState(panel.getState()), drawChart);
onHostMessage((message: ToUsagePage) => page.receive(message));
