import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import { StatusBarItem } from '../../infrastructure/window';
import type { ApprovalList } from '../../server/approvalList';
import type { Sidecar } from '../../server/client';
import type { SystemNotifications } from '../../server/systemNotifications';
import { ApprovalsView } from './approvalsView';
import { commands } from './commands';
import { notifyWhenPending } from './pendingNotification';
import { ProposedChanges } from './proposedChanges';
import { manageRules } from './rules';

export function activateApprovals(
  context: Pick<vscode.ExtensionContext, 'extensionUri'>,
  sidecar: Sidecar,
  approvals: ApprovalList,
  systemNotifications: SystemNotifications,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  const pages = vscode.Uri.joinPath(context.extensionUri, 'extension', 'out', 'webview');
  const view = disposables.add(new ApprovalsView(sidecar, approvals, pages, log));
  const changes = disposables.add(new ProposedChanges(sidecar, approvals));
  const register = (id: string, action: (given: unknown) => Promise<void>): void => {
    disposables.add(vscode.commands.registerCommand(id, (given: unknown) => runWithErrorHandling(log, () => action(given))));
  };
  register(commands.show, () => view.focus());
  register(commands.manageRules, () => manageRules(sidecar));
  register(commands.openDiff, async (id) => {
    if (typeof id === 'string') await changes.open(id);
  });

  // A visible indicator that does not take focus.
  const item = disposables.add(
    new StatusBarItem({
      id: 'plue.approvals',
      name: l10n.t('Plue Approvals'),
      command: commands.show,
      alignment: vscode.StatusBarAlignment.Left,
      priority: 0,
      backgroundColor: new vscode.ThemeColor('statusBarItem.warningBackground'),
    }),
  );
  const count = (): void => {
    const waiting = approvals.items.length;
    const words = waiting === 1 ? l10n.t('1 approval pending') : l10n.t('{0} approvals pending', waiting);
    if (waiting === 0) item.hide();
    else item.show({ icon: 'question', text: String(waiting), tooltip: words, accessibleLabel: words });
  };
  disposables.add(approvals.onDidChange(count));
  disposables.add(notifyWhenPending(approvals, systemNotifications));
  return disposables;
}
