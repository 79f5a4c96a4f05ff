import '../shared/localization';
// Entry point of the template preview.
import { acquirePanel, onHostMessage } from '../shared/panel';
import type { FromTrialPage, ToTrialPage } from '../../common/messages/trial';
import { readSavedState } from './savedState';
import { TrialPage } from './trialPage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the trial in.');
const panel = acquirePanel<FromTrialPage>();
const page = new TrialPage(root, panel, readSavedState(panel.getState()));
onHostMessage((message: ToTrialPage) => page.receive(message));
