// Warns the user before a task reaches its budget, while it can still be increased.
import * as l10n from '../../infrastructure/localizedText';
import type * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import type { Log } from '../../infrastructure/logging';
import { showWarningMessage } from '../../infrastructure/window';
import { isWorking } from '../../common/taskStatus';
import { displayTitle } from '../../common/title';
import { visibleText } from '../../common/visibleText';
import { settingsGet } from '../../protocol/protocol.generated';
import type { TaskView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { SystemNotifications } from '../../server/systemNotifications';
import type { TaskList } from '../../server/taskList';

export interface BudgetNotificationServices {
  sidecar: Pick<Sidecar, 'request' | 'onMessageEvent'>;
  tasks: Pick<TaskList, 'get' | 'all' | 'onDidChange'>;
  log: Pick<Log, 'warn'>;
  systemNotifications: Pick<SystemNotifications, 'show'>;
  open: (uri: string, title: string) => void;
}

const warningShare = 0.8;

/**
 * One notification for each task tree. The budget of the tree is that of its first task and includes all subtasks. Only the window that shows
 * or runs the task notifies, and not about a task that was found beyond the share.
 */
export function notifyNearBudget(services: BudgetNotificationServices): vscode.Disposable {
  const { sidecar, tasks, log } = services;
  const disposables = new Disposables();
  const own = new Set<string>();
  const below = new Set<string>();
  const notified = new Set<string>();
  const check = (task: TaskView): void => {
    const { uri } = task;
    if (notified.has(uri) || !isRoot(task)) return;
    if (shareOf(task) < warningShare) {
      below.add(uri);
    } else if (below.has(uri)) {
      notified.add(uri);
      // Other notifications cover tasks that ended or reached the limit.
      if (!own.has(uri) || !isWorking(task.status)) return;
      notify(task, services).catch((error: unknown) =>
        log.warn(`The notification about the budget of ${uri} could not be shown: ${toFailureError(error).message}`),
      );
    }
  };
  const isRoot = ({ parentId }: TaskView): boolean => parentId === undefined || tasks.get(parentId) === undefined;
  disposables.add(sidecar.onMessageEvent(({ codexId }) => own.add(codexId)));
  disposables.add(
    tasks.onDidChange((uri) => {
      const changed = uri === undefined ? tasks.all() : [tasks.get(uri)];
      for (const task of changed) if (task !== undefined) check(task);
    }),
  );
  return disposables;
}

/** The largest used share of a limit; 0 without limits. A limit of which the usage is unknown does not count. */
function shareOf({ budget, totalSpent }: TaskView): number {
  const limits = ['usd', 'tokens', 'rounds', 'seconds'] as const;
  return Math.max(
    0,
    ...limits.map((key) => {
      const [limit, spent] = [budget[key], totalSpent[key]];
      return limit === undefined || limit <= 0 || spent === undefined ? 0 : spent / limit;
    }),
  );
}

async function notify(
  { uri, title }: TaskView,
  { sidecar, systemNotifications, open }: Pick<BudgetNotificationServices, 'sidecar' | 'systemNotifications' | 'open'>,
): Promise<void> {
  const { values } = await sidecar.request(settingsGet, {});
  if (values['notify_when_finished'] === 'never') return;
  const [text, show] = [l10n.t('“{0}” has used 80% of its budget.', displayTitle(title, 'task')), l10n.t('Open')];
  void systemNotifications.show(text);
  if ((await showWarningMessage(text, show)) === show) open(uri, visibleText(title));
}
