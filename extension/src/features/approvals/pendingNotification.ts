// Notifies a user who works in another program that an agent waits.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { Disposables } from '../../infrastructure/disposables';
import { visibleText } from '../../common/visibleText';
import type { ApprovalList } from '../../server/approvalList';
import type { SystemNotifications } from '../../server/systemNotifications';

/** One notification until the window has the focus again, however many agents wait. Other windows notify of theirs. */
export function notifyWhenPending(
  approvals: Pick<ApprovalList, 'onDidChange'>,
  systemNotifications: Pick<SystemNotifications, 'show'>,
): vscode.Disposable {
  const disposables = new Disposables();
  let isNotified = false;
  disposables.add(
    vscode.window.onDidChangeWindowState(({ focused }) => {
      if (focused) isNotified = false;
    }),
  );
  disposables.add(
    approvals.onDidChange((pending) => {
      const first = pending.find(({ isInOtherWindow }) => isInOtherWindow !== true);
      if (first === undefined || isNotified || vscode.window.state.focused) return;
      isNotified = true;
      const title = visibleText(first.path.at(-1) ?? '');
      void systemNotifications.show(
        first.question === undefined ? l10n.t('“{0}” waits for your approval.', title) : l10n.t('“{0}” asks a question.', title),
      );
    }),
  );
  return disposables;
}
