// Catalogs in and out of files, and from the catalog server.
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { UserCancelledError } from '../../infrastructure/errors';
import type { CatalogImportResult, CatalogSummary } from '../../protocol/protocol.generated';
import { catalogDelete, catalogExport, catalogImport, catalogList, catalogRefresh } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

const filters = { Catalogs: ['json'], 'All files': ['*'] };

export class CatalogActions {
  constructor(private readonly sidecar: Pick<Sidecar, 'request'>) {}

  /** Resolves to a sentence. */
  async refresh(): Promise<string> {
    return (await this.sidecar.request(catalogRefresh, {})).sentence;
  }

  /** Asks for the file, and where catalogs of the same id are there, whether to replace them. Resolves to a sentence. */
  async import(): Promise<string> {
    const [file] = (await vscode.window.showOpenDialog({ title: 'Import Catalog', openLabel: 'Import', filters })) ?? [];
    if (file === undefined) throw new UserCancelledError();
    const path = file.fsPath;
    const first = await this.sidecar.request(catalogImport, { path });
    if (first.skipped.length === 0) return importedSentence(first);
    const answer = await vscode.window.showWarningMessage(
      importedSentence(first),
      { modal: true, detail: `${first.skipped.map(({ id, why }) => `${id}: ${why}`).join('\n')}\nThe versions before go to the backups.` },
      'Replace',
    );
    if (answer !== 'Replace') return importedSentence(first);
    return importedSentence(await this.sidecar.request(catalogImport, { path, replace: true }));
  }

  /** Asks which catalogs, where none is named, and for the file. Resolves to a sentence. */
  async export(ids: readonly string[]): Promise<string> {
    const chosen = ids.length > 0 ? [...ids] : await this.chooseIds();
    const name = chosen.length === 1 ? `${chosen[0]}.json` : 'catalogs.json';
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
    const file = await vscode.window.showSaveDialog({
      title: 'Export Catalog',
      saveLabel: 'Export',
      filters,
      defaultUri: vscode.Uri.joinPath(folder, name),
    });
    if (file === undefined) throw new UserCancelledError();
    await this.sidecar.request(catalogExport, { ids: chosen, path: file.fsPath });
    return `${chosen.length === 1 ? 'The catalog was' : `${chosen.length} catalogs were`} written to ${file.fsPath}.`;
  }

  async delete(catalog: Pick<CatalogSummary, 'id' | 'name' | 'overridesShipped'>): Promise<void> {
    const answer = await vscode.window.showWarningMessage(
      `Delete the catalog “${catalog.name}”?`,
      {
        modal: true,
        detail: catalog.overridesShipped
          ? 'The one shipped with Plue is used again. This version goes to the backups.'
          : 'Providers made from it stay. This version goes to the backups.',
      },
      'Delete',
    );
    if (answer !== 'Delete') throw new UserCancelledError();
    await this.sidecar.request(catalogDelete, { id: catalog.id });
  }

  private async chooseIds(): Promise<string[]> {
    const { items } = await this.sidecar.request(catalogList, {});
    const rows = items.map(({ id, name, source, modelCount }) => ({
      label: name,
      description: source === 'user' ? 'your own' : 'shipped',
      detail: `${modelCount} models`,
      picked: source === 'user',
      id,
    }));
    const chosen = await vscode.window.showQuickPick(rows, { title: 'Export Catalog', placeHolder: 'Which catalogs?', canPickMany: true });
    if (chosen === undefined || chosen.length === 0) throw new UserCancelledError();
    return chosen.map(({ id }) => id);
  }
}

function importedSentence({ imported, skipped }: CatalogImportResult): string {
  const names = imported.map(({ name }) => name).join(', ');
  const taken = imported.length === 0 ? 'No catalog was imported.' : `Imported: ${names}.`;
  return skipped.length === 0 ? taken : `${taken} Left out: ${skipped.map(({ id }) => id).join(', ')}.`;
}
