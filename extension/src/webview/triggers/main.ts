import '../shared/localization';
// Entry point of the page of triggers.
import { acquirePanel, onHostMessage } from '../shared/panel';
import type { FromTriggersPage, ToTriggersPage } from '../../common/messages/triggers';
import { TriggersPage } from './triggersPage';

const root = document.getElementById('app');
if (root === null) throw new Error('The page has no #app to draw the triggers in.');
const page = new TriggersPage(root, acquirePanel<FromTriggersPage>());
onHostMessage((message: ToTriggersPage) => page.receive(message));
