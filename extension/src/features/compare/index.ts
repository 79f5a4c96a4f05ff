import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling, UserCancelledError } from '../../infrastructure/errors';
import { showQuickPick } from '../../infrastructure/window';
import { formatTime } from '../../common/format';
import { compareList } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { commands } from './commands';
import { ComparePage } from './comparePage';
import { newComparison } from './newComparison';

export function activateCompare(
  context: Pick<vscode.ExtensionContext, 'extensionUri'>,
  sidecar: Sidecar,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  const page = disposables.add(new ComparePage(context.extensionUri, sidecar, log));
  disposables.add(
    vscode.commands.registerCommand(commands.start, () =>
      runWithErrorHandling(log, async () => page.open((await newComparison(sidecar)).uri)),
    ),
  );
  disposables.add(
    vscode.commands.registerCommand(commands.open, (given: unknown) =>
      runWithErrorHandling(log, async () => page.open(typeof given === 'string' ? given : await pickComparison(sidecar))),
    ),
  );
  return disposables;
}

/** @returns Undefined if there is none; the page then says so. */
async function pickComparison(sidecar: Sidecar): Promise<string | undefined> {
  const { compares } = await sidecar.request(compareList, {});
  if (compares.length < 2) return compares[0]?.uri;
  const rows = compares.map(({ uri, goal, createdAt }) => ({ label: goal, description: formatTime(createdAt, 'short'), uri }));
  const chosen = await showQuickPick(rows, { title: l10n.t('Open Comparison'), placeHolder: l10n.t('Type part of the goal') });
  if (chosen === undefined) throw new UserCancelledError();
  return chosen.uri;
}
