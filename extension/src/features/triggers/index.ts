// Triggers: their page, and the events that start tasks.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import { SinglePage } from '../../infrastructure/singlePage';
import { firstFolder } from '../../infrastructure/workspaceFolders';
import { triggerList, triggerRun, triggerSetEnabled } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { type FromTriggersPage, fromTriggersPage, type ToTriggersPage } from '../../common/messages/triggers';
import { commands } from './commands';
import { TriggerEvents } from './events';

export const viewType = 'plue.triggers';

/** The template of triggers. */
const triggerTemplate = 'trigger';

export function activateTriggers(
  context: Pick<vscode.ExtensionContext, 'extensionUri'>,
  sidecar: Sidecar,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  let shownTasks = new Set<string>();

  const act = async (message: FromTriggersPage): Promise<void> => {
    switch (message.type) {
      case 'show':
        return show();
      case 'setEnabled': {
        const { uri, isEnabled } = message;
        await sidecar.request(triggerSetEnabled, { isEnabled, ...(uri === undefined ? {} : { uri }) });
        return show();
      }
      case 'run':
        await sidecar.request(triggerRun, { uri: message.uri });
        return show();
      case 'open':
        await vscode.commands.executeCommand('plue.openCodex', message.uri);
        return;
      case 'create': {
        const folder = firstFolder();
        const values = folder === undefined ? {} : { folder };
        await vscode.commands.executeCommand('plue.newFromTemplate', { templateId: triggerTemplate, values });
        return;
      }
    }
  };
  const show = async (): Promise<void> => {
    const list = await sidecar.request(triggerList, {});
    shownTasks = new Set(list.triggers.flatMap(({ runs }) => runs.flatMap(({ task }) => task?.uri ?? [])));
    page.post({ type: 'triggers', list });
  };
  /** Changes that arrive while the list is read are shown once afterwards. */
  let isOutdated = false;
  let isShowing = false;
  const refresh = (): void => {
    if (!page.isOpen) return;
    isOutdated = true;
    if (isShowing) return;
    isShowing = true;
    void runWithErrorHandling(log, async () => {
      try {
        while (isOutdated) {
          isOutdated = false;
          await show();
        }
      } finally {
        isShowing = false;
      }
    });
  };

  const page = disposables.add(
    new SinglePage<FromTriggersPage, ToTriggersPage>({
      name: 'triggers',
      title: l10n.t('Plue Triggers'),
      viewType,
      extensionUri: context.extensionUri,
      log,
      schema: fromTriggersPage,
      act,
      refuse: (error) => ({ type: 'refused', error }),
    }),
  );
  disposables.add(new TriggerEvents(sidecar, log));
  disposables.add(sidecar.onTriggerChanged(refresh));
  disposables.add(
    sidecar.onTaskEvent(({ taskId }) => {
      if (shownTasks.has(taskId)) refresh();
    }),
  );
  disposables.add(vscode.commands.registerCommand(commands.triggers, () => runWithErrorHandling(log, () => page.reveal())));
  return disposables;
}
