// Selects a Git repository.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError } from '../../infrastructure/errors';
import { gitApi, type Repository } from '../../infrastructure/gitApi';
import { showQuickPick } from '../../infrastructure/window';

/**
 * Returns the repository of a Source Control button or of the active editor, or lets the user select one.
 * @param given The source control of the button.
 */
export async function findRepository(given: unknown): Promise<Repository | undefined> {
  const api = await gitApi();
  if (api === undefined) {
    throw new FailureError('conflict', l10n.t('VS Code’s Git support is turned off. Turn on the setting git.enabled and try again.'));
  }
  const root = rootOf(given);
  const clicked = api.repositories.find(({ rootUri }) => rootUri.toString() === root?.toString());
  const active = vscode.window.activeTextEditor?.document.uri;
  const shown = active === undefined ? undefined : (api.getRepository(active) ?? undefined);
  const found = clicked ?? shown ?? (api.repositories.length === 1 ? api.repositories[0] : undefined);
  if (found !== undefined) return found;
  if (api.repositories.length === 0) {
    throw new FailureError('conflict', l10n.t('There is no Git repository in this window. Open a folder with one and try again.'));
  }
  const rows = api.repositories.map((repository) => ({ label: vscode.workspace.asRelativePath(repository.rootUri), repository }));
  return (await showQuickPick(rows, { title: l10n.t('Select a repository') }))?.repository;
}

function rootOf(given: unknown): vscode.Uri | undefined {
  if (typeof given !== 'object' || given === null || !('rootUri' in given)) return undefined;
  return given.rootUri instanceof vscode.Uri ? given.rootUri : undefined;
}
