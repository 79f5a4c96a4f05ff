import '../shared/localization';
// Entry point of the Approvals view.
import { acquirePanel, onHostMessage } from '../shared/panel';
import { ApprovalsPage } from './approvalsPage';
import type { FromApprovalsPage, ToApprovalsPage } from '../../common/messages/approvals';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the approvals in.');
const page = new ApprovalsPage(root, acquirePanel<FromApprovalsPage>());
onHostMessage((message: ToApprovalsPage) => page.receive(message));
