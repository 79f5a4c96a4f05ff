// Host side of the Providers page: loads its data and runs its actions.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, toFailureError, UserCancelledError } from '../../infrastructure/errors';
import type { Log } from '../../infrastructure/logging';
import { chatsOpenInSideBar } from '../../infrastructure/settings';
import { SinglePage } from '../../infrastructure/singlePage';
import { showInformationMessage } from '../../infrastructure/window';
import type { ProviderSummary } from '../../protocol/protocol.generated';
import {
  catalogBackups,
  catalogGet,
  catalogList,
  catalogStartingPoints,
  catalogValidate,
  providerApprove,
  providerConfigure,
  providerDelete,
  providerExecutables,
  providerGet,
  providerModels,
  templateGet,
} from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { editorModelsKind, hasOtherLanguageModels } from '../../server/languageModels';
import type { ProviderList } from '../../server/providerList';
import {
  type FromProvidersPage,
  fromProvidersPage,
  type NewProvider,
  type ProvidersAction,
  type ToProvidersPage,
} from '../../common/messages/providers';
import type { CatalogActions } from './catalogActions';
import { commands, otherCommands } from './commands';
import { defaultEndpoint, type Connector, type ProviderDraft } from './connector';
import type { ProviderActions } from './providerActions';

export const viewType = 'plue.providers';

export interface ProvidersServices {
  sidecar: Sidecar;
  providers: ProviderList;
  actions: ProviderActions;
  connector: Connector;
  catalogs: CatalogActions;
  log: Pick<Log, 'warn'>;
  extensionUri: vscode.Uri;
}

export class ProvidersPage implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly page: SinglePage<FromProvidersPage, ToProvidersPage>;
  /** ID of the provider whose details are shown. */
  private shown: string | undefined;
  private wanted: ToProvidersPage | undefined;
  private hasEditorModels = false;

  constructor(private readonly services: ProvidersServices) {
    const { sidecar, providers, log, extensionUri } = services;
    this.page = this.disposables.add(
      new SinglePage<FromProvidersPage, ToProvidersPage>({
        name: 'providers',
        title: l10n.t('Providers'),
        viewType,
        extensionUri,
        log,
        schema: fromProvidersPage,
        act: (message) => this.act(message),
        refuse: (error) => ({ type: 'refused', error }),
      }),
    );
    this.disposables.add(
      providers.onDidChange(() => {
        this.postSnapshot();
        void this.refreshShown();
      }),
    );
    this.disposables.add(sidecar.onDidChangeState((state) => this.post({ type: 'sidecar', ...state })));
    // A provider's file may have been changed by hand or by another program.
    this.disposables.add(
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        if (/[/\\](?:providers|catalog)[/\\][^/\\]+\.json5?$/.test(uri.fsPath)) this.reload();
      }),
    );
    this.disposables.add(
      vscode.window.onDidChangeWindowState(({ focused }) => {
        if (focused) this.reload();
      }),
    );
  }

  get isOpen(): boolean {
    return this.page.isOpen;
  }

  /** @param place A provider, or the list of providers to add. */
  reveal(place?: { provider: string } | 'add'): void {
    if (place !== undefined) {
      this.wanted = place === 'add' ? { type: 'go', to: 'add' } : { type: 'go', to: 'provider', id: place.provider };
    }
    const wasOpen = this.page.isOpen;
    this.page.reveal();
    if (wasOpen) this.reload();
    // A new webview reports when it is ready.
    if (wasOpen && this.wanted !== undefined) this.post(this.wanted);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private reload(): void {
    const { sidecar, providers, log } = this.services;
    if (!this.page.isOpen || sidecar.state.state !== 'running') return;
    providers.refresh().catch((error: unknown) => log.warn(`The providers could not be listed: ${toFailureError(error).message}`));
  }

  async act(message: FromProvidersPage): Promise<void> {
    if (message.type === 'ready') {
      await this.start();
      return;
    }
    // The webview has loaded, so the requested place no longer applies.
    this.wanted = undefined;
    const { work } = message;
    try {
      await this.perform(message);
      this.post({ type: 'finished', work });
    } catch (error) {
      if (error instanceof UserCancelledError) {
        this.post({ type: 'finished', work });
        return;
      }
      const { kind, message: sentence } = toFailureError(error);
      this.services.log.warn(`Providers page: ${message.type}: ${kind}: ${sentence}`);
      this.post({ type: 'finished', work, error: { kind, message: sentence } });
    }
  }

  private async start(): Promise<void> {
    const { sidecar, providers } = this.services;
    this.shown = undefined;
    this.post({ type: 'sidecar', ...sidecar.state });
    if (this.wanted !== undefined) this.post(this.wanted);
    this.wanted = undefined;
    if (providers.items.length > 0) this.postSnapshot();
    if (sidecar.state.state !== 'stopped') await providers.refresh();
    this.hasEditorModels = await hasOtherLanguageModels();
    if (this.hasEditorModels) this.postSnapshot();
  }

  private async perform(action: ProvidersAction & { work: string }): Promise<void> {
    const { sidecar, actions, catalogs, providers } = this.services;
    switch (action.type) {
      case 'show':
        this.shown = action.id;
        this.post({ type: 'detail', detail: await sidecar.request(providerGet, { id: action.id }) });
        return;
      case 'listModels':
        this.post({
          type: 'models',
          id: action.id,
          result: await sidecar.request(providerModels, { id: action.id, refresh: action.refresh }),
        });
        return;
      case 'test':
        await actions.test(action.id);
        return;
      case 'setEnabled':
        await actions.setEnabled(action.id, action.enabled);
        return;
      case 'makeDefault':
        await actions.makeDefault(action.id);
        return;
      case 'makeDefaultSmall':
        await actions.makeDefaultSmall(action.id);
        return;
      case 'setPrice':
        await actions.setPrice(action.id, action.modelId);
        this.post({ type: 'models', id: action.id, result: await sidecar.request(providerModels, { id: action.id }) });
        return;
      case 'setKey':
        await this.run(otherCommands.setKey, action.id);
        return;
      case 'signIn':
        await this.run(otherCommands.signIn, action.id);
        return;
      case 'signOut':
        await this.run(otherCommands.signOut, action.id);
        return;
      case 'moveKey':
        await actions.moveKey(action.id);
        return;
      case 'openFile':
        await actions.openFile(action.id);
        return;
      case 'delete':
        await actions.delete(action.id);
        return;
      case 'configure':
        await this.configure(action.id, action.changes);
        return;
      case 'use':
        await this.use(action.id);
        return;
      case 'discover':
        this.post({ type: 'status', text: (await providers.discover()).message });
        return;
      case 'loadCatalogs': {
        const [list, { items }] = await Promise.all([sidecar.request(catalogList, {}), sidecar.request(catalogStartingPoints, {})]);
        this.post({ type: 'catalogs', list, startingPoints: items });
        return;
      }
      case 'loadCatalog':
        this.post({ type: 'catalog', detail: await sidecar.request(catalogGet, { id: action.id }) });
        return;
      case 'loadExecutables':
        await this.postExecutables();
        return;
      case 'approve':
        await sidecar.request(providerApprove, { path: action.path, sha256: action.sha256 });
        await this.postExecutables();
        return;
      case 'connect':
        await this.connect(action.provider, action.then);
        return;
      case 'loadTemplate':
        this.post({ type: 'template', template: await sidecar.request(templateGet, { id: 'llm-provider' }) });
        return;
      case 'validateCatalog': {
        const { problems } = await sidecar.request(catalogValidate, { document: action.document });
        this.post({ type: 'problems', work: action.work, problems });
        return;
      }
      case 'saveCatalog': {
        const { document, previousId } = action;
        this.post({ type: 'savedCatalog', detail: await catalogs.save(document, previousId) });
        return;
      }
      case 'deleteCatalog': {
        const { summary } = await sidecar.request(catalogGet, { id: action.id });
        await catalogs.delete(summary);
        this.post({ type: 'removedCatalog', id: action.id });
        return;
      }
      case 'importCatalog':
        await this.withCatalogs(() => catalogs.import());
        return;
      case 'exportCatalog':
        this.showMessage(await catalogs.export(action.ids));
        return;
      case 'refreshCatalog':
        await this.withCatalogs(() => catalogs.refresh());
        return;
      case 'loadBackups':
        this.post({ type: 'backups', items: (await sidecar.request(catalogBackups, {})).items });
        return;
      case 'restore':
        this.post({ type: 'savedCatalog', detail: await catalogs.restore(action.backupId) });
        this.post({ type: 'backups', items: (await sidecar.request(catalogBackups, {})).items });
        this.showMessage(l10n.t('The catalog was restored.'));
        return;
      case 'openChat':
        await this.run(otherCommands.openChat, action.uri);
        return;
      case 'newChat':
        await this.run(otherCommands.newChat);
        return;
      case 'takeTour':
        await this.services.actions.takeTour();
        return;
      case 'unlockVault':
        await this.run(otherCommands.unlockVault);
        return;
      case 'checkClaudeCode':
        await this.run(commands.checkClaudeCodeAuth);
        return;
      case 'showLog':
        await this.run(otherCommands.showLog);
        return;
      case 'restart':
        await this.run(otherCommands.restartServer);
        return;
    }
  }

  /** Changes use the field names of the file; some are separate parameters of the request. */
  private async configure(id: string, changes: Record<string, unknown>): Promise<void> {
    const { kind, name } = this.services.actions.find(id);
    const { name: newName, endpoint, model, catalog_provider: catalogProvider, ...fields } = changes;
    await this.services.sidecar.request(providerConfigure, {
      id,
      kind,
      name: typeof newName === 'string' ? newName : name,
      endpoint: given(endpoint),
      model: given(model),
      catalogProvider: given(catalogProvider),
      fields,
    });
    await this.services.providers.refresh();
  }

  /** Makes a discovered provider the default if its test succeeds. */
  private async use(id: string): Promise<void> {
    const { actions } = this.services;
    const tested = await actions.test(id);
    if (tested.error !== undefined) throw new FailureError(tested.error.kind, tested.error.message);
    await actions.makeDefault(id);
  }

  /** Saves and tests the provider. With `setKey`, replaces the key of a stored provider. */
  private async connect(
    { id, name, kind, catalogProvider, endpoint, authType, command, fields: others = {} }: NewProvider,
    then: 'test' | 'setKey' | 'signIn',
  ): Promise<void> {
    const { sidecar, providers, actions, connector } = this.services;
    const { model, ...fields }: Record<string, unknown> = { ...others };
    if (authType !== undefined) fields['auth_type'] = authType;
    if (command !== undefined) fields['command'] = command;
    const draft: ProviderDraft = { name, kind, endpoint, catalogProvider, model: given(model), fields };
    const stored: ProviderSummary =
      id === undefined && then === 'setKey'
        ? await connector.store(draft, connector.kindOf(kind), endpoint ?? (await this.defaultEndpoint(kind, catalogProvider)))
        : // Clear an address that was saved before and is empty now.
          await sidecar.request(providerConfigure, {
            ...draft,
            id,
            endpoint: endpoint ?? (id === undefined ? undefined : ''),
            enabled: true,
          });
    await providers.refresh();
    if (then === 'setKey' && id !== undefined) await this.run(otherCommands.setKey, stored.id);
    else if (then === 'signIn') await this.signIn(stored.id, id === undefined);
    this.post({ type: 'connected', provider: providers.items.find((one) => one.id === stored.id) ?? stored });
    // Setting a key includes a test.
    const { error } = then === 'setKey' && id !== undefined ? actions.find(stored.id) : await connector.connected(stored);
    await providers.refresh();
    if (error !== undefined) return;
    this.post({ type: 'models', id: stored.id, result: await sidecar.request(providerModels, { id: stored.id }) });
    // In a tab, the chat would cover the page.
    if (chatsOpenInSideBar()) await this.run(otherCommands.focusComposer);
  }

  /** Removes a new provider if the user did not sign in. */
  private async signIn(id: string, isNew: boolean): Promise<void> {
    await this.run(otherCommands.signIn, id);
    if (!isNew || this.services.actions.find(id).hasCredential) return;
    await this.services.sidecar.request(providerDelete, { id });
    await this.services.providers.refresh();
    throw new UserCancelledError();
  }

  private async defaultEndpoint(kind: string, catalogProvider: string | undefined): Promise<string | undefined> {
    const { sidecar, connector } = this.services;
    const catalog = catalogProvider === undefined ? undefined : (await sidecar.request(catalogGet, { id: catalogProvider })).summary;
    return defaultEndpoint(catalog, connector.kindOf(kind));
  }

  private async withCatalogs(change: () => Promise<LocalizedText>): Promise<void> {
    const { sidecar } = this.services;
    this.showMessage(await change());
    const [list, { items }] = await Promise.all([sidecar.request(catalogList, {}), sidecar.request(catalogStartingPoints, {})]);
    this.post({ type: 'catalogs', list, startingPoints: items });
  }

  private async postExecutables(): Promise<void> {
    this.post({ type: 'executables', items: (await this.services.sidecar.request(providerExecutables, {})).items });
  }

  /** Shows a message on the page, which screen readers announce. */
  private showMessage(words: LocalizedText): void {
    this.post({ type: 'status', text: words });
    void showInformationMessage(words);
  }

  private async run(command: string, ...args: unknown[]): Promise<void> {
    await vscode.commands.executeCommand(command, ...args);
  }

  private postSnapshot(): void {
    const { items, kinds: all, folderProblem } = this.services.providers;
    // VS Code may start other extensions to list their models, so this runs only while the page is open.
    const isOffered = this.hasEditorModels || items.some(({ kind }) => kind === editorModelsKind);
    const kinds = isOffered ? all : all.filter(({ kind }) => kind !== editorModelsKind);
    this.post({ type: 'snapshot', providers: items, kinds, ...(folderProblem === undefined ? {} : { folderProblem }) });
  }

  /** Details change together with the list. */
  private async refreshShown(): Promise<void> {
    const { shown } = this;
    const { providers, sidecar, log } = this.services;
    if (!this.isOpen || shown === undefined || !providers.items.some(({ id }) => id === shown)) return;
    try {
      this.post({ type: 'detail', detail: await sidecar.request(providerGet, { id: shown }) });
    } catch (error) {
      log.warn(`The details of ${shown} could not be fetched: ${toFailureError(error).message}`);
    }
  }

  private post(message: ToProvidersPage): void {
    this.page.post(message);
  }
}

/** Null removes a field; these parameters use an empty string instead. */
function given(value: unknown): string | undefined {
  if (value === null) return '';
  return typeof value === 'string' ? value : undefined;
}
