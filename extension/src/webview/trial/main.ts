import '../shared/localization';
// The page of a trial begins here.
import { acquirePanel } from '../shared/panel';
import type { FromTrialPage } from './messages';
import { readKeptTrial, readToTrialPage } from './readMessages';
import { TrialPage } from './trialPage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the trial in.');
const panel = acquirePanel<FromTrialPage>();
const page = new TrialPage(root, panel, readKeptTrial(panel.getState()));
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = readToTrialPage(event.data);
  if (message !== undefined) page.receive(message);
});
