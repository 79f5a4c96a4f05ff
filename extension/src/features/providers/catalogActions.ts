// Imports and exports catalogs, and downloads them from the catalog server.
import { homedir } from 'node:os';
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import { showQuickPick, showWarningMessage } from '../../infrastructure/window';
import type { CatalogDetail, CatalogImportResult, CatalogSummary } from '../../protocol/protocol.generated';
import {
  catalogDelete,
  catalogExport,
  catalogImport,
  catalogList,
  catalogRefresh,
  catalogRestore,
  catalogSave,
} from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { formatModelCount, formatWarningCount } from '../../common/counts';

const filters = { [l10n.t('Catalogs')]: ['json'], [l10n.t('All files')]: ['*'] };

export class CatalogActions {
  constructor(private readonly sidecar: Pick<Sidecar, 'request'>) {}

  /** Resolves to a message for the user. */
  async refresh(): Promise<LocalizedText> {
    return l10n.verbatim((await this.sidecar.request(catalogRefresh, {})).message);
  }

  /** Asks for the file, and whether to replace catalogs with the same IDs. Resolves to a message for the user. */
  async import(): Promise<LocalizedText> {
    const [file] = (await vscode.window.showOpenDialog({ title: l10n.t('Import Catalog'), openLabel: l10n.t('Import'), filters })) ?? [];
    if (file === undefined) throw new UserCancelledError();
    const path = file.fsPath;
    const first = await this.change((allowed) => this.sidecar.request(catalogImport, { path, ...allowed }));
    if (first.skipped.length === 0) return importedSentence(first);
    const replace = l10n.t('Replace');
    const answer = await showWarningMessage(
      importedSentence(first),
      {
        modal: true,
        detail: [...first.skipped.map(({ id, reason }) => `${id}: ${reason}`), l10n.t('Previous versions are saved in Backups.')].join(
          '\n',
        ),
      },
      replace,
    );
    if (answer !== replace) return importedSentence(first);
    return importedSentence(await this.change((allowed) => this.sidecar.request(catalogImport, { path, replace: true, ...allowed })));
  }

  /** Asks for the catalogs if none are given, and for the file. Resolves to a message for the user. */
  async export(ids: readonly string[]): Promise<LocalizedText> {
    const chosen = ids.length > 0 ? [...ids] : await this.chooseIds();
    const name = chosen.length === 1 ? `${chosen[0]}.json` : 'catalogs.json';
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
    const file = await vscode.window.showSaveDialog({
      title: l10n.t('Export Catalog'),
      saveLabel: l10n.t('Export'),
      filters,
      defaultUri: vscode.Uri.joinPath(folder, name),
    });
    if (file === undefined) throw new UserCancelledError();
    await this.sidecar.request(catalogExport, { ids: chosen, path: file.fsPath });
    return chosen.length === 1
      ? l10n.t('Exported the catalog to {0}.', file.fsPath)
      : l10n.t('Exported {0} catalogs to {1}.', chosen.length, file.fsPath);
  }

  async delete(catalog: Pick<CatalogSummary, 'id' | 'name' | 'overridesShipped'>): Promise<void> {
    const answer = await showWarningMessage(
      l10n.t('Delete the catalog “{0}”?', catalog.name),
      {
        modal: true,
        detail: catalog.overridesShipped
          ? l10n.t('The built-in catalog is restored. The current version is saved in Backups.')
          : l10n.t('Providers created from this catalog are kept. The current version is saved in Backups.'),
      },
      l10n.t('Delete'),
    );
    if (answer !== l10n.t('Delete')) throw new UserCancelledError();
    await this.change((allowed) => this.sidecar.request(catalogDelete, { id: catalog.id, ...allowed }));
  }

  async save(document: unknown, previousId: string | undefined): Promise<CatalogDetail> {
    return this.change((allowed) => this.sidecar.request(catalogSave, { document, previousId, ...allowed }));
  }

  async restore(backupId: string): Promise<CatalogDetail> {
    return this.change((allowed) => this.sidecar.request(catalogRestore, { backupId, ...allowed }));
  }

  /** Changes catalogs. The sidecar rejects a change that moves a provider in use to another origin until the user allows it. */
  private async change<T>(request: (allowed: { allowOriginChange?: boolean }) => Promise<T>): Promise<T> {
    try {
      return await request({});
    } catch (error) {
      if (!(error instanceof FailureError) || error.kind !== 'originChange') throw error;
      const allow = l10n.t('Use New Address');
      const answer = await showWarningMessage(
        l10n.t('Send a provider’s requests and key to another address?'),
        { modal: true, detail: error.message },
        allow,
      );
      if (answer !== allow) throw new UserCancelledError();
      return request({ allowOriginChange: true });
    }
  }

  private async chooseIds(): Promise<string[]> {
    const { items } = await this.sidecar.request(catalogList, {});
    const rows = items.map(({ id, name, source, modelCount }) => ({
      label: name,
      description: source === 'user' ? l10n.t('custom') : l10n.t('built-in'),
      detail: formatModelCount(modelCount),
      picked: source === 'user',
      id,
    }));
    const chosen = await showQuickPick(rows, {
      title: l10n.t('Export Catalog'),
      placeHolder: l10n.t('Select catalogs'),
      canPickMany: true,
    });
    if (chosen === undefined || chosen.length === 0) throw new UserCancelledError();
    return chosen.map(({ id }) => id);
  }
}

function importedSentence({ imported, skipped }: CatalogImportResult): LocalizedText {
  const names = imported
    .map(({ name, warningCount }) => (warningCount === 0 ? name : `${name} (${formatWarningCount(warningCount)})`))
    .join(', ');
  const taken = imported.length === 0 ? l10n.t('No catalog was imported.') : l10n.t('Imported: {0}.', names);
  return skipped.length === 0 ? taken : l10n.t('{0} Skipped: {1}.', taken, skipped.map(({ id }) => id).join(', '));
}
