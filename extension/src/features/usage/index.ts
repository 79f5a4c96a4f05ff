import { homedir } from 'node:os';
import { basename } from 'node:path';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling } from '../../infrastructure/errors';
import { SinglePage } from '../../infrastructure/singlePage';
import { usageCsv, usageSummary } from '../../protocol/protocol.generated';
import type { UsageParams } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { type FromUsagePage, fromUsagePage, type ToUsagePage } from '../../common/messages/usage';
import { commands } from './commands';

export const viewType = 'plue.usage';

export function activateUsage(
  context: Pick<vscode.ExtensionContext, 'extensionUri'>,
  sidecar: Sidecar,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();

  const act = async (message: FromUsagePage): Promise<void> => {
    switch (message.type) {
      case 'show':
        page.post({ type: 'usage', asked: message.asked, usage: await sidecar.request(usageSummary, message.asked) });
        return;
      case 'csv':
        return exportCsv(message.asked);
      case 'openChat':
        await vscode.commands.executeCommand('plue.openChat', message.uri);
        return;
    }
  };
  const exportCsv = async (asked: UsageParams): Promise<void> => {
    const days = [asked.from, asked.to].filter((day) => day !== undefined).join('-to-');
    const target = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.joinPath(vscode.Uri.file(homedir()), days === '' ? 'plue-usage.csv' : `plue-usage-${days}.csv`),
      filters: { CSV: ['csv'] },
      title: l10n.t('Export usage'),
    });
    if (target === undefined) return;
    const { csv } = await sidecar.request(usageCsv, asked);
    try {
      await vscode.workspace.fs.writeFile(target, new TextEncoder().encode(csv));
    } catch (error) {
      log.warn(`${target.fsPath} could not be written: ${error instanceof Error ? error.message : 'unknown error'}`);
      throw new FailureError('storeReadOnly', l10n.t('Could not write {0}. Choose another location and export again.', target.fsPath));
    }
    page.post({ type: 'exported', file: basename(target.fsPath) });
  };

  const page = disposables.add(
    new SinglePage<FromUsagePage, ToUsagePage>({
      name: 'usage',
      title: l10n.t('Plue Usage'),
      viewType,
      extensionUri: context.extensionUri,
      log,
      schema: fromUsagePage,
      act,
      refuse: (error) => ({ type: 'refused', error }),
    }),
  );
  disposables.add(vscode.commands.registerCommand(commands.usage, () => runWithErrorHandling(log, () => page.reveal())));
  return disposables;
}
