import '../shared/localization';
// Entry point of the page of a plan.
import { acquirePanel, onHostMessage } from '../shared/panel';
import type { FromPlanPage, ToPlanPage } from '../../common/messages/plan';
import { PlanPage } from './planPage';
import { readSavedState } from './savedState';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the plan in.');
const panel = acquirePanel<FromPlanPage>();
const page = new PlanPage(root, panel, readSavedState(panel.getState()));
onHostMessage((message: ToPlanPage) => page.receive(message));
