// Connects a provider with as few questions as possible: address and key. Nothing is stored before the user answered them.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { UserCancelledError } from '../../infrastructure/errors';
import { showInputBox, withProgress } from '../../infrastructure/window';
import type { CatalogSummary, ProviderKindView, ProviderSummary } from '../../protocol/protocol.generated';
import { catalogGet, providerConfigure } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { catalogOf, isLocalAddress, type ProviderCard } from '../../common/providerCards';
import { commands, otherCommands } from './commands';
import type { ProviderActions } from './providerActions';

const chatView = 'plue.chatView';

/** A provider to store. Storing it asks for its key. */
export interface ProviderDraft {
  name: string;
  kind: string;
  endpoint?: string | undefined;
  catalogProvider?: string | undefined;
  model?: string | undefined;
  fields?: Record<string, unknown>;
}

export class Connector {
  constructor(
    private readonly sidecar: Pick<Sidecar, 'request'>,
    private readonly providers: ProviderList,
    private readonly actions: ProviderActions,
  ) {}

  /** Resolves to the stored and tested provider, which may have an error. Throws UserCancelledError. */
  async connectCard(card: ProviderCard): Promise<ProviderSummary> {
    if (card === 'claude-code') return this.connectClaudeCode();
    await this.providers.refresh();
    const catalogId = catalogOf(card);
    const catalog = catalogId === undefined ? undefined : (await this.sidecar.request(catalogGet, { id: catalogId })).summary;
    return this.connectVendor(this.kindOf(card), catalog);
  }

  async connectVendor(kind: ProviderKindView, catalog: CatalogSummary | undefined): Promise<ProviderSummary> {
    const usual = defaultEndpoint(catalog, kind);
    // A vendor has one address, but a user's own server can be anywhere.
    const isOwnServer =
      kind.takesEndpoint && (usual === undefined || ((kind.needsEndpoint || kind.kind === 'ollama') && isLocalAddress(usual)));
    const endpoint = isOwnServer ? await askForEndpoint(catalog?.name ?? kind.name, usual) : undefined;
    const wanted = catalog?.name ?? (endpoint === undefined ? kind.name : new URL(endpoint).host);
    const draft: ProviderDraft = {
      name: this.freeName(wanted),
      kind: kind.kind,
      ...(catalog === undefined ? {} : { catalogProvider: catalog.id }),
      ...(endpoint === undefined || endpoint === kind.defaultEndpoint ? {} : { endpoint }),
    };
    return this.connected(await this.store(draft, kind, endpoint ?? usual));
  }

  /** Stores a new provider. `address` is where its key would be sent. */
  async store(draft: ProviderDraft, kind: ProviderKindView, address: string | undefined): Promise<ProviderSummary> {
    const auth = draft.fields?.['auth_type'] ?? (kind.authTypes[0] === 'apiKey' ? 'api_key' : 'other');
    // Ollama needs a key only on another machine.
    const isRemoteOllama = kind.kind === 'ollama' && address !== undefined && !isLocalAddress(address);
    const origin = originOf(draft, address);
    if (!kind.takesKey || (auth !== 'api_key' && !isRemoteOllama) || origin === undefined) {
      return this.sidecar.request(providerConfigure, { ...draft, enabled: true });
    }
    return vscode.commands.executeCommand<ProviderSummary>(otherCommands.addProviderWithKey, {
      ...draft,
      ...(isRemoteOllama ? { fields: { ...draft.fields, auth_type: 'api_key' } } : {}),
      origin,
      isKeyOptional: kind.needsEndpoint || kind.kind === 'ollama',
    });
  }

  /** Tests a stored provider and makes it the default if there is no other. */
  async connected({ id, name }: Pick<ProviderSummary, 'id' | 'name'>): Promise<ProviderSummary> {
    await this.providers.refresh();
    const title = l10n.t('Testing {0}…', name);
    const tested = await withProgress({ location: { viewId: chatView }, title }, () =>
      withProgress({ location: vscode.ProgressLocation.Window, title }, () => this.actions.test(id)),
    );
    const { default: current } = this.providers;
    const hasOther = current !== undefined && current.source !== 'tour' && current.id !== id;
    return tested.error !== undefined || hasOther ? tested : this.actions.makeDefault(id);
  }

  kindOf(id: string): ProviderKindView {
    const kind = this.providers.kinds.find((one) => one.kind === id);
    if (kind === undefined) throw new Error(`There is no provider type ${id}.`);
    return kind;
  }

  private async connectClaudeCode(): Promise<ProviderSummary> {
    await this.providers.discover();
    const found = this.providers.items.find(({ kind, fault }) => kind === 'claude-code' && fault === undefined);
    const connected = found === undefined ? undefined : await this.connected(found);
    if (connected !== undefined && connected.error === undefined) return connected;
    // Shows what is missing, and offers to sign in.
    await vscode.commands.executeCommand(commands.checkClaudeCodeAuth);
    throw new UserCancelledError();
  }

  private freeName(wanted: string): string {
    const taken = new Set(this.providers.items.filter(({ source }) => source === 'file').map(({ name }) => name.toLowerCase()));
    let name = wanted;
    for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted} ${number}`;
    return name;
  }
}

/** A catalog can name a variable instead of an address; the default of the provider type is used then. */
export function defaultEndpoint(catalog: CatalogSummary | undefined, kind: ProviderKindView): string | undefined {
  const listed = catalog?.endpoint;
  return listed !== undefined && isEndpoint(listed) ? listed : kind.defaultEndpoint;
}

function originOf({ fields }: ProviderDraft, address: string | undefined): string | undefined {
  const command = fields?.['command'];
  if (typeof command === 'string') return `exec://${command}`;
  return address === undefined || !URL.canParse(address) ? undefined : new URL(address).origin;
}

async function askForEndpoint(name: string, value: string | undefined): Promise<string> {
  const endpoint = await showInputBox({
    title: l10n.t('Add {0} Server', name),
    prompt: l10n.t('Server address'),
    placeHolder: l10n.verbatim('http://localhost:8080/v1'),
    ...(value === undefined ? {} : { value }),
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
