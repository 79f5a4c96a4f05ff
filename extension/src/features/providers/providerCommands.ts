// Provider commands of the palette, with quick picks.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError, helpFor, UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showInputBox, showQuickPick, showWarningMessage, withProgress } from '../../infrastructure/window';
import type { CatalogSummary, ProviderKindView, ProviderSummary } from '../../protocol/protocol.generated';
import { catalogList, providerApprove, providerConfigure, providerExecutables } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { formatModelCount } from '../../common/counts';
import { otherCommands } from './commands';
import type { ProviderActions } from './providerActions';
import { statusDetail, statusIcon, statusText } from './statusWords';

/** Lets the user select a provider for which `fits` is true. A given ID is used directly. */
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
export async function testAndTell(actions: ProviderActions, { id, name }: ProviderSummary): Promise<void> {
  const tested = await inWindow(l10n.t('Testing {0}…', name), () => actions.test(id));
  await tell(tested, l10n.t('{0} responded.', tested.name));
}

export async function enableAndTell(actions: ProviderActions, { id, name }: ProviderSummary): Promise<void> {
  const enabled = await inWindow(l10n.t('Enabling {0}…', name), () => actions.setEnabled(id, true));
  await tell(enabled, l10n.t('{0} is enabled.', enabled.name));
}

async function tell({ id, error }: ProviderSummary, words: LocalizedText): Promise<void> {
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

/** Asks for vendor, name, address if needed, and key, then tests the provider. */
export async function addProvider(sidecar: Pick<Sidecar, 'request'>, providers: ProviderList, actions: ProviderActions): Promise<void> {
  await providers.refresh();
  const { kind, catalog } = await askForVendor(sidecar, providers);
  const command = kind.kind === 'external' ? await askForProgram(sidecar) : undefined;
  const name = await askForName(catalog?.name ?? kind.name, providers);
  // A catalog may name a variable in place of an address.
  const listed = catalog?.endpoint !== undefined && isEndpoint(catalog.endpoint) ? catalog.endpoint : undefined;
  const usual = listed ?? kind.defaultEndpoint;
  const endpoint =
    kind.takesEndpoint && (catalog === undefined || (kind.needsEndpoint && listed === undefined))
      ? await askForEndpoint(name, usual)
      : undefined;
  const provider = await sidecar.request(providerConfigure, {
    name,
    kind: kind.kind,
    endpoint,
    catalogProvider: catalog?.id,
    fields: command === undefined ? undefined : { command },
    enabled: true,
  });
  await providers.refresh();
  if (provider.authType === 'oauth') await vscode.commands.executeCommand(otherCommands.signIn, provider.id);
  // Setting a key tests the provider. A local server may need no key, so canceling the key input is fine.
  else if (provider.takesKey && !provider.hasCredential && (await wantsKey(provider))) {
    await vscode.commands.executeCommand(otherCommands.setKey, provider.id);
  } else await testAndTell(actions, provider);
}

interface Vendor {
  kind: ProviderKindView;
  catalog?: CatalogSummary;
}

async function askForVendor(sidecar: Pick<Sidecar, 'request'>, { kinds }: ProviderList): Promise<Vendor> {
  const { items } = await sidecar.request(catalogList, {});
  const vendors = items.flatMap((catalog) => {
    const kind = kinds.find((one) => one.kind === catalog.kind);
    return kind === undefined ? [] : [{ label: catalog.name, description: modelsOf(catalog), vendor: { kind, catalog } }];
  });
  const alone = kinds
    .filter(({ kind }) => kind !== 'tour')
    .map((kind) => ({ label: kind.name, description: kind.defaultEndpoint ?? '', vendor: { kind } }));
  const separator = (label: string): vscode.QuickPickItem & { vendor?: Vendor } => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const chosen = await showQuickPick<vscode.QuickPickItem & { vendor?: Vendor }>(
    [separator(l10n.t('Catalog')), ...vendors, separator(l10n.t('Local and custom')), ...alone],
    { title: l10n.t('Add Provider'), placeHolder: l10n.t('Select a provider') },
  );
  if (chosen?.vendor === undefined) throw new UserCancelledError();
  return chosen.vendor;
}

function modelsOf({ modelCount, isLocal }: CatalogSummary): string {
  if (modelCount === 0 && isLocal) return l10n.t('Custom models');
  return formatModelCount(modelCount);
}

/** Nothing is started before its path and content are approved. */
async function askForProgram(sidecar: Pick<Sidecar, 'request'>): Promise<string> {
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
  if (approved) return path;
  const answer = await showWarningMessage(
    l10n.t('Approve the program “{0}”?', name),
    { modal: true, detail: `${path}\nSHA-256 ${sha256}\n\n${l10n.t('Plue can start the program until its content changes.')}` },
    l10n.t('Approve'),
  );
  if (answer !== l10n.t('Approve')) throw new UserCancelledError();
  await sidecar.request(providerApprove, { path, sha256 });
  return path;
}

async function wantsKey({ name }: ProviderSummary): Promise<boolean> {
  const answer = await showQuickPick([l10n.t('Set Key…'), l10n.t('No key')], {
    title: l10n.verbatim(name),
    placeHolder: l10n.t('Does the program need a key?'),
    ignoreFocusOut: true,
  });
  return answer === l10n.t('Set Key…');
}

async function askForName(wanted: string, providers: ProviderList): Promise<string> {
  const taken = new Set(providers.items.map((provider) => provider.name.toLowerCase()));
  const name = await showInputBox({
    title: l10n.t('Add {0}', wanted),
    prompt: l10n.t('Name of the provider in Plue'),
    value: taken.has(wanted.toLowerCase()) ? '' : wanted,
    ignoreFocusOut: true,
    validateInput: (value) => {
      if (value.trim() === '') return l10n.t('Enter a name for the provider.');
      return taken.has(value.trim().toLowerCase()) ? l10n.t('A provider with this name already exists.') : undefined;
    },
  });
  if (name === undefined) throw new UserCancelledError();
  return name.trim();
}

async function askForEndpoint(name: string, value?: string): Promise<string> {
  const endpoint = await showInputBox({
    title: l10n.verbatim(name),
    prompt: l10n.t('Server address'),
    placeHolder: l10n.verbatim('http://localhost:11434'),
    value,
    ignoreFocusOut: true,
    validateInput: (typed) =>
      isEndpoint(typed) ? undefined : l10n.t('Enter an address that starts with http:// or https://, without a user name or password.'),
  });
  if (endpoint === undefined) throw new UserCancelledError();
  return endpoint.trim();
}

export function isEndpoint(typed: string): boolean {
  if (!URL.canParse(typed.trim())) return false;
  const url = new URL(typed.trim());
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
}
