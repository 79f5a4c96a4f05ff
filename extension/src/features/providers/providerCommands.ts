// Provider commands of the Command Palette, with quick picks.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError, helpFor, UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showQuickPick, showWarningMessage, withProgress } from '../../infrastructure/window';
import type { CatalogSummary, ExecutableView, ProviderKindView, ProviderSummary } from '../../protocol/protocol.generated';
import { catalogList, providerApprove, providerExecutables } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { editorModelsKind, hasOtherLanguageModels } from '../../server/languageModels';
import type { ProviderList } from '../../server/providerList';
import { formatModelCount } from '../../common/counts';
import { catalogOf, providerCards, type ProviderCard } from '../../common/providerCards';
import type { Connector } from './connector';
import type { ProviderActions } from './providerActions';
import { statusDetail, statusIcon, statusText } from './providerStatus';

/** Lets the user select a provider that satisfies `fits`. A given ID is used directly. */
export async function pickProvider(
  providers: ProviderList,
  title: LocalizedText,
  fits: (provider: ProviderSummary) => boolean,
  id?: unknown,
): Promise<ProviderSummary> {
  const items = await providers.refresh();
  if (typeof id === 'string') {
    const known = items.find((provider) => provider.id === id);
    if (known === undefined) throw new FailureError('notFound', l10n.t('The provider {0} does not exist.', id));
    return known;
  }
  const rows = items.filter(fits).map((provider) => ({
    label: provider.name,
    icon: statusIcon(provider),
    description: statusText(provider),
    detail: statusDetail(provider),
    provider,
  }));
  if (rows.length === 0) throw new FailureError('notFound', l10n.t('No provider supports this action.'));
  const chosen = await showQuickPick(rows, { title, placeHolder: l10n.t('Select a provider'), matchOnDescription: true });
  if (chosen === undefined) throw new UserCancelledError();
  return chosen.provider;
}

/** Tests a provider with progress and reports the result. */
export async function testAndNotify(actions: ProviderActions, { id, name }: ProviderSummary): Promise<void> {
  const tested = await inWindow(l10n.t('Testing {0}…', name), () => actions.test(id));
  await showResult(tested, l10n.t('{0} responded.', tested.name));
}

export async function enableAndNotify(actions: ProviderActions, { id, name }: ProviderSummary): Promise<void> {
  const enabled = await inWindow(l10n.t('Enabling {0}…', name), () => actions.setEnabled(id, true));
  await showResult(enabled, l10n.t('{0} is enabled.', enabled.name));
}

async function showResult({ id, error }: ProviderSummary, words: LocalizedText): Promise<void> {
  if (error === undefined) {
    void showInformationMessage(words);
    return;
  }
  const help = helpFor(error.kind)[0];
  const chosen = await showWarningMessage(l10n.verbatim(error.message), ...(help ? [help.title] : []));
  if (help && chosen === help.title) await vscode.commands.executeCommand(help.command, id);
}

export async function inWindow<T>(title: LocalizedText, work: () => Promise<T>): Promise<T> {
  return withProgress({ location: vscode.ProgressLocation.Window, title }, work);
}

/** Asks for the vendor, and for address and key if needed, and then stores and tests the provider. */
export async function addProvider(sidecar: Pick<Sidecar, 'request'>, providers: ProviderList, connector: Connector): Promise<void> {
  await providers.refresh();
  const chosen = await askForVendor(sidecar, providers);
  const connected =
    'card' in chosen
      ? await connector.connectCard(chosen.card)
      : chosen.kind.kind === 'external'
        ? await addProgram(sidecar, connector, chosen.kind)
        : await connector.connectVendor(chosen.kind, chosen.catalog);
  await showResult(connected, l10n.t('{0} is connected.', connected.name));
}

/** Returns the ID of the connected provider, which the chat then shows; undefined if its test failed. */
export async function connectInChat(connector: Connector, card: ProviderCard): Promise<string | undefined> {
  const connected = await connector.connectCard(card);
  if (connected.error === undefined) return connected.id;
  // Not awaited: the message can stay open for a long time.
  void showResult(connected, l10n.t('{0} is connected.', connected.name));
  return undefined;
}

async function addProgram(sidecar: Pick<Sidecar, 'request'>, connector: Connector, kind: ProviderKindView): Promise<ProviderSummary> {
  const { path, name } = await askForProgram(sidecar);
  const fields = { command: path, ...((await wantsKey(name)) ? { auth_type: 'api_key' } : {}) };
  return connector.connected(await connector.store({ name, kind: kind.kind, fields }, kind, undefined));
}

type Vendor = { card: ProviderCard } | { kind: ProviderKindView; catalog?: CatalogSummary };

async function askForVendor(sidecar: Pick<Sidecar, 'request'>, { kinds }: ProviderList): Promise<Vendor> {
  const { items } = await sidecar.request(catalogList, {});
  const cards = providerCards.flatMap((card) => {
    const kind = kinds.find((one) => one.kind === card);
    return kind === undefined ? [] : [{ label: kind.name, description: kind.defaultEndpoint ?? '', vendor: { card } }];
  });
  const vendors = items.flatMap((catalog) => {
    const kind = kinds.find((one) => one.kind === catalog.kind);
    const isCard = providerCards.some((card) => catalogOf(card) === catalog.id);
    return kind === undefined || isCard ? [] : [{ label: catalog.name, description: modelsOf(catalog), vendor: { kind, catalog } }];
  });
  const withoutEditorModels = (await hasOtherLanguageModels()) ? [] : [editorModelsKind];
  const listed = new Set([...items.map(({ kind }) => kind), ...providerCards, ...withoutEditorModels, 'tour']);
  const others = kinds
    .filter(({ kind }) => !listed.has(kind))
    .map((kind) => ({ label: kind.name, description: kind.defaultEndpoint ?? '', vendor: { kind } }));
  const separator = (label: string): vscode.QuickPickItem & { vendor?: Vendor } => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const chosen = await showQuickPick<vscode.QuickPickItem & { vendor?: Vendor }>(
    [...cards, separator(l10n.t('More providers')), ...vendors, ...others],
    { title: l10n.t('Add Provider'), placeHolder: l10n.t('Select a provider') },
  );
  if (chosen?.vendor === undefined) throw new UserCancelledError();
  return chosen.vendor;
}

function modelsOf({ modelCount, isLocal }: CatalogSummary): string {
  if (modelCount === 0) return isLocal ? l10n.t('Custom models') : l10n.t('Models from server');
  return formatModelCount(modelCount);
}

/** Nothing runs before its path and content are approved. */
async function askForProgram(sidecar: Pick<Sidecar, 'request'>): Promise<Pick<ExecutableView, 'path' | 'name'>> {
  const { items } = await sidecar.request(providerExecutables, {});
  if (items.length === 0) {
    throw new FailureError(
      'notFound',
      l10n.t('No programs found. Add a program named plue-provider-… to ~/.plue/providers/bin or PATH, and try again.'),
    );
  }
  const rows = items.map((program) => ({
    label: program.name,
    description: program.approved
      ? l10n.t('Approved')
      : program.changedSinceApproval
        ? l10n.t('Changed since you approved it')
        : l10n.t('Not approved yet'),
    detail: program.path,
    program,
  }));
  const chosen = await showQuickPick(rows, {
    title: l10n.t('Add External Program'),
    placeHolder: l10n.t('Select a program'),
    ignoreFocusOut: true,
  });
  if (chosen === undefined) throw new UserCancelledError();
  const { path, name, sha256, approved } = chosen.program;
  if (approved) return { path, name };
  const answer = await showWarningMessage(
    l10n.t('Approve the program “{0}”?', name),
    { modal: true, detail: `${path}\nSHA-256 ${sha256}\n\n${l10n.t('Plue can start the program until its content changes.')}` },
    l10n.t('Approve'),
  );
  if (answer !== l10n.t('Approve')) throw new UserCancelledError();
  await sidecar.request(providerApprove, { path, sha256 });
  return { path, name };
}

async function wantsKey(name: string): Promise<boolean> {
  const answer = await showQuickPick([l10n.t('No key'), l10n.t('Set Key…')], {
    title: l10n.verbatim(name),
    placeHolder: l10n.t('Does the program need a key?'),
    ignoreFocusOut: true,
  });
  if (answer === undefined) throw new UserCancelledError();
  return answer === l10n.t('Set Key…');
}
