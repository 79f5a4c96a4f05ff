import '../shared/localization';
// The Usage page begins here.
import { acquirePanel } from '../shared/panel';
import { drawChart } from './chart';
import type { FromUsagePage } from './messages';
import { readKeptPeriod, readToUsagePage } from './readMessages';
import { UsagePage } from './usagePage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the usage in.');
const panel = acquirePanel<FromUsagePage>();
const page = new UsagePage(root, panel, readKeptPeriod(panel.getState()), drawChart);
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = readToUsagePage(event.data);
  if (message !== undefined) page.receive(message);
});
