import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { chatsOpenInSideBar } from '../../infrastructure/settings';
import { runWithErrorHandling } from '../../infrastructure/errors';
import { showInformationMessage, StatusBarItem } from '../../infrastructure/window';
import type { ProviderSummary } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { providerCard } from '../../common/providerCards';
import { CatalogActions } from './catalogActions';
import { checkClaudeCodeAuth } from './claudeCode';
import { commands } from './commands';
import { Connector } from './connector';
import { ProviderActions } from './providerActions';
import { addProvider, connectInChat, enableAndNotify, inWindow, pickProvider, testAndNotify } from './providerCommands';
import { ProvidersPage } from './providersPage';
import { activateSignIn } from './signIn';

const greetedKey = 'plue.greeted.v1';

export function activateProviders(
  context: vscode.ExtensionContext,
  sidecar: Sidecar,
  providers: ProviderList,
  log: vscode.LogOutputChannel,
  opensChat: boolean,
): vscode.Disposable {
  const disposables = new Disposables();
  const actions = new ProviderActions(sidecar, providers);
  const connector = new Connector(sidecar, providers, actions);
  const catalogActions = new CatalogActions(sidecar);
  const page = disposables.add(
    new ProvidersPage({
      sidecar,
      providers,
      actions,
      connector,
      catalogs: catalogActions,
      log,
      extensionUri: context.extensionUri,
    }),
  );
  const register = (id: string, action: (argument: unknown) => Promise<void>): void => {
    disposables.add(vscode.commands.registerCommand(id, (argument: unknown) => runWithErrorHandling(log, () => action(argument))));
  };
  const works = ({ fault, source }: ProviderSummary): boolean => fault === undefined && source !== 'tour';
  register(commands.manageProviders, (id) => {
    page.reveal(typeof id === 'string' ? { provider: id } : undefined);
    return Promise.resolve();
  });
  register(commands.takeTour, () => actions.takeTour());
  register(commands.addProvider, () => addProvider(sidecar, providers, connector));
  // Returns the connected provider to a chat. Without a card, opens the page with all providers.
  disposables.add(
    vscode.commands.registerCommand(commands.connectProvider, (card: unknown) =>
      runWithErrorHandling(log, async () => {
        if (v.is(providerCard, card)) return connectInChat(connector, card);
        page.reveal('add');
        return undefined;
      }),
    ),
  );
  register(commands.testProvider, async (id) => {
    const provider = await pickProvider(providers, l10n.t('Test Provider'), (one) => works(one) && one.enabled, id);
    await testAndNotify(actions, provider);
  });
  register(commands.enableProvider, async (id) => {
    await enableAndNotify(actions, await pickProvider(providers, l10n.t('Enable Provider'), (one) => works(one) && !one.enabled, id));
  });
  register(commands.disableProvider, async (id) => {
    const provider = await pickProvider(providers, l10n.t('Disable Provider'), (one) => works(one) && one.enabled, id);
    await actions.setEnabled(provider.id, false);
  });
  register(commands.deleteProvider, async (id) => {
    await actions.delete((await pickProvider(providers, l10n.t('Delete Provider'), ({ file }) => file !== undefined, id)).id);
  });
  register(commands.chooseDefaultProvider, async (id) => {
    const provider = await pickProvider(
      providers,
      l10n.t('Choose Default Provider'),
      ({ enabled, fault }) => enabled && fault === undefined,
      id,
    );
    await actions.makeDefault(provider.id);
  });
  register(commands.chooseDefaultSmallProvider, async (id) => {
    const provider = await pickProvider(providers, l10n.t('Choose Small Model Provider'), (one) => works(one) && one.enabled, id);
    await actions.makeDefaultSmall(provider.id);
  });
  register(commands.moveKeyToVault, async (id) => {
    const holdsKey = ({ keyReference, fault }: ProviderSummary): boolean =>
      keyReference?.startsWith('env://') === true || fault?.holdsSecret === true;
    await actions.moveKey((await pickProvider(providers, l10n.t('Move Key to Vault'), holdsKey, id)).id);
  });
  register(commands.openProviderFile, async (id) => {
    await actions.openFile(
      (await pickProvider(providers, l10n.t('Open Provider File'), ({ file, fault }) => (file ?? fault?.path) !== undefined, id)).id,
    );
  });
  const showResult = async (work: Promise<LocalizedText>): Promise<void> => void showInformationMessage(await work);
  register(commands.refreshCatalog, () => inWindow(l10n.t('Updating the catalog…'), () => showResult(catalogActions.refresh())));
  register(commands.importCatalog, () => showResult(catalogActions.import()));
  register(commands.exportCatalog, () => showResult(catalogActions.export([])));
  register(commands.checkClaudeCodeAuth, () => checkClaudeCodeAuth(sidecar, log));
  disposables.add(activateSignIn(sidecar, providers, log));

  const status = disposables.add(
    new StatusBarItem({
      id: 'plue.provider',
      name: l10n.t('Plue provider'),
      command: commands.manageProviders,
      alignment: vscode.StatusBarAlignment.Right,
      priority: 50,
    }),
  );
  const draw = (): void => {
    const name = providers.default?.name;
    status.show(
      name === undefined
        ? { text: l10n.t('Plue: connect'), tooltip: l10n.t('Choose the default model for new chats') }
        : { text: `Plue: ${name}`, tooltip: l10n.t('Default model: {0}', name) },
    );
  };
  disposables.add(providers.onDidChange(draw));
  disposables.add(
    providers.onDidDiscover(({ message, checks }) => {
      log.info(message);
      for (const place of checks) log.info(`  ${place}`);
    }),
  );
  draw();

  disposables.add(
    sidecar.onDidStart(() => {
      greetOrRefresh(context.globalState, providers, opensChat).catch((error: unknown) =>
        log.warn(`The providers could not be listed: ${error instanceof Error ? error.message : 'unknown error'}`),
      );
    }),
  );
  return disposables;
}

/** On first start, searches for a provider and reports the result. */
async function greetOrRefresh(memory: vscode.Memento, providers: ProviderList, opensChat: boolean): Promise<void> {
  if (memory.get<unknown>(greetedKey) === true) {
    await providers.refresh();
    return;
  }
  const { message } = await providers.discover();
  await memory.update(greetedKey, true);
  // An open chat shows its provider, and a notification would cover the composer.
  if (opensChat || chatsOpenInSideBar() || isChatOpen()) return;
  const opening = vscode.window.tabGroups.onDidChangeTabs(() => {
    if (isChatOpen()) void vscode.commands.executeCommand('notifications.hideToasts');
  });
  const chosen = await showInformationMessage(l10n.verbatim(message), l10n.t('New Chat'), l10n.t('Manage Providers')).finally(() => {
    opening.dispose();
  });
  if (chosen === l10n.t('New Chat')) await vscode.commands.executeCommand('plue.newChat');
  if (chosen === l10n.t('Manage Providers')) await vscode.commands.executeCommand(commands.manageProviders);
}

function isChatOpen(): boolean {
  return vscode.window.tabGroups.all.some(({ activeTab }) => {
    const input = activeTab?.input;
    return input instanceof vscode.TabInputWebview && input.viewType.endsWith('plue.chat');
  });
}
