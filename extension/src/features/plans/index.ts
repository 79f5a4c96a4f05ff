import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling, UserCancelledError } from '../../infrastructure/errors';
import { showQuickPick } from '../../infrastructure/window';
import { codexList } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { commands } from './commands';
import { PlanPage, planTemplate } from './planPage';

export function activatePlans(
  context: Pick<vscode.ExtensionContext, 'extensionUri'>,
  sidecar: Sidecar,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  const page = disposables.add(new PlanPage(context.extensionUri, sidecar, log));
  disposables.add(
    vscode.commands.registerCommand(commands.openPlan, (given: unknown) =>
      runWithErrorHandling(log, async () => page.open(typeof given === 'string' ? given : await pickPlan(sidecar), true)),
    ),
  );
  // A model wrote a plan: its first version of an item by this window's sidecar.
  disposables.add(
    sidecar.onCodexChanged(({ uri, codex }) => {
      if (codex?.templateId !== planTemplate || codex.version !== 1 || !uri.startsWith('codex://items/')) return;
      void runWithErrorHandling(log, () => page.open(uri, false));
    }),
  );
  return disposables;
}

async function pickPlan(sidecar: Sidecar): Promise<string> {
  const { items } = await sidecar.request(codexList, { collection: 'items', templateId: planTemplate });
  const rows = items.map(({ uri, title }) => ({ label: title, uri }));
  if (rows.length === 0) {
    throw new FailureError('notFound', l10n.t('No plans yet. Select the mode Plan below the message in a chat, and ask for a plan.'));
  }
  const chosen = await showQuickPick(rows, { title: l10n.t('Open Plan'), placeHolder: l10n.t('Type part of the name') });
  if (chosen === undefined) throw new UserCancelledError();
  return chosen.uri;
}
