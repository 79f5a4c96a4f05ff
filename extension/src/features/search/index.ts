import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling, toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { SinglePage } from '../../infrastructure/singlePage';
import { codexList, searchChats } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { type FromSearchPage, fromSearchPage, type SearchQuery, type ToSearchPage } from '../../common/messages/search';
import { commands } from './commands';

export const viewType = 'plue.search';

export function activateSearch(
  context: Pick<vscode.ExtensionContext, 'extensionUri'>,
  sidecar: Sidecar,
  providers: Pick<ProviderList, 'items'>,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  let current: { id: string; end: vscode.CancellationTokenSource } | undefined;

  const cancel = (): void => {
    current?.end.cancel();
    current?.end.dispose();
    current = undefined;
  };
  const search = async (searchId: string, query: SearchQuery): Promise<void> => {
    cancel();
    const end = new vscode.CancellationTokenSource();
    current = { id: searchId, end };
    try {
      const result = await sidecar.request(searchChats, { ...query, searchId }, end.token);
      if (current?.end === end) page.post({ type: 'done', searchId, result });
    } catch (error) {
      if (error instanceof UserCancelledError || current?.end !== end) return;
      const { kind, message } = toFailureError(error);
      log.warn(`Searching: ${kind}: ${message}`);
      page.post({ type: 'failed', searchId, error: { kind, message } });
    }
  };
  const offerChoices = async (): Promise<void> => {
    const { items } = await sidecar.request(codexList, { collection: 'chats', includeArchived: true });
    const models = [...providers.items, ...items].flatMap(({ model }) => (model === undefined || model === '' ? [] : [model]));
    const unique = (texts: string[]): string[] => [...new Set(texts)].sort((a, b) => a.localeCompare(b));
    page.post({
      type: 'choices',
      choices: {
        providers: providers.items.map(({ id, name }) => ({ id, name })),
        models: unique(models),
        tags: unique(items.flatMap(({ tags }) => tags)),
      },
    });
  };
  const act = async (message: FromSearchPage): Promise<void> => {
    switch (message.type) {
      case 'ready':
        return offerChoices();
      case 'search':
        return search(message.searchId, message.query);
      case 'cancel':
        return cancel();
      case 'open':
        await vscode.commands.executeCommand('plue.openChat', message.uri, message.messageId === '' ? undefined : message.messageId);
        return;
    }
  };

  const page = disposables.add(
    new SinglePage<FromSearchPage, ToSearchPage>({
      name: 'search',
      title: l10n.t('Search Chats'),
      viewType,
      extensionUri: context.extensionUri,
      log,
      schema: fromSearchPage,
      act,
      refuse: (error) => ({ type: 'refused', error }),
    }),
  );
  disposables.add(new vscode.Disposable(cancel));
  disposables.add(
    sidecar.onSearchHits(({ searchId, hits }) => {
      if (searchId === current?.id) page.post({ type: 'hits', searchId, hits });
    }),
  );
  disposables.add(
    vscode.commands.registerCommand(commands.searchChats, () =>
      runWithErrorHandling(log, () => {
        page.reveal();
        page.post({ type: 'focus' });
      }),
    ),
  );
  return disposables;
}
