import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { priceText } from '../../common/format';
import { FailureError } from '../../infrastructure/errors';
import { type QuickPickItem, showInformationMessage, showQuickPick, withProgress } from '../../infrastructure/window';
import { completionModels } from '../../protocol/protocol.generated';
import type { CompletionModelView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { complete } from './completionProvider';
import { cursorAt } from './cursor';
import { type CompletionModel, type CompletionSettings, modelText } from './settings';

interface Row extends QuickPickItem {
  chosen?: CompletionModel;
}

/** Lets the user select a model, and tests it. Returns undefined if the user canceled. */
export async function chooseModel(sidecar: Sidecar, settings: CompletionSettings): Promise<CompletionModel | undefined> {
  const { providers } = await withProgress(
    { location: vscode.ProgressLocation.Window, title: l10n.t('Looking for completion models…') },
    () => sidecar.request(completionModels, {}),
  );
  const current = settings.model === undefined ? undefined : modelText(settings.model);
  const rows = providers.flatMap(({ id, name, models, problem }): Row[] => [
    { label: name, kind: vscode.QuickPickItemKind.Separator },
    ...[...models]
      .sort((one, other) => Number(other.isKnown) - Number(one.isKnown))
      .map((model) => rowOf(model, { providerId: id, model: model.id }, current)),
    ...(problem === undefined ? [] : [{ label: l10n.t('Could not list the models'), detail: problem, icon: 'warning' }]),
  ]);
  if (!rows.some(({ chosen }) => chosen !== undefined)) {
    await explainNone(providers.flatMap(({ problem }) => problem ?? []));
    return undefined;
  }
  const row = await showQuickPick(rows, {
    title: l10n.t('Choose Completion Model'),
    placeHolder: l10n.t('At each pause in typing, the code around the cursor is sent to this model'),
    matchOnDescription: true,
  });
  if (row?.chosen === undefined) return undefined;
  const { chosen } = row;
  // A local model may have to be loaded first.
  const title = l10n.t('Trying {0}…', modelText(chosen));
  await withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (_, token) =>
    tryModel(sidecar, chosen, token),
  );
  return chosen;
}

function rowOf({ id, name, isKnown, price }: CompletionModelView, chosen: CompletionModel, current: string | undefined): Row {
  const cost = price === undefined ? undefined : priceText(price);
  return {
    label: name ?? id,
    chosen,
    ...(cost === undefined ? {} : { description: cost }),
    ...(isKnown ? {} : { detail: l10n.t('May complete code. Plue tries it first.') }),
    ...(modelText(chosen) === current ? { icon: 'check' } : {}),
  };
}

/** Throws the server's error if the model does not support fill-in-the-middle. */
async function tryModel(sidecar: Sidecar, model: CompletionModel, token: vscode.CancellationToken): Promise<void> {
  const cursor = cursorAt('untitled:sample', 40, 'function add(a: number, b: number) {\n  return ', ';\n}\n');
  const { text } = await complete(sidecar, model, cursor, token);
  if (text === undefined || text.trim() === '') {
    throw new FailureError('badRequest', l10n.t('{0} returned no code for a simple function. Choose another model.', modelText(model)));
  }
}

async function explainNone(problems: readonly string[]): Promise<void> {
  const manage = l10n.t('Manage Providers');
  const message =
    problems[0] === undefined
      ? l10n.t(
          'No provider has a model that completes code. Connect Ollama with a coder model, Mistral, DeepSeek, or a server with /v1/completions.',
        )
      : l10n.t('No completion model was found. {0}', problems[0]);
  if ((await showInformationMessage(message, manage)) === manage) await vscode.commands.executeCommand('plue.manageProviders');
}
