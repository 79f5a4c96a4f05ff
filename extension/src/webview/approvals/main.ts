import '../shared/localization';
// The Approvals view begins here.
import { acquirePanel } from '../shared/panel';
import { ApprovalsPage } from './approvalsPage';
import type { FromApprovalsPage } from './messages';
import { readToApprovalsPage } from './readMessages';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the approvals in.');
const page = new ApprovalsPage(root, acquirePanel<FromApprovalsPage>());
window.addEventListener('message', (event: MessageEvent<unknown>) => {
  const message = readToApprovalsPage(event.data);
  if (message !== undefined) page.receive(message);
});
