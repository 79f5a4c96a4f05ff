// The part of the API of VS Code's Git extension that is used.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError } from '../../infrastructure/errors';
import { showQuickPick } from '../../infrastructure/window';

export interface Change {
  readonly uri: vscode.Uri;
  readonly status: number;
}

/** `Status.UNTRACKED` of the Git extension. */
export const untracked = 7;

export interface Repository {
  readonly rootUri: vscode.Uri;
  readonly inputBox: { value: string };
  readonly state: {
    readonly HEAD: { readonly name?: string } | undefined;
    readonly indexChanges: readonly Change[];
    readonly workingTreeChanges: readonly Change[];
    readonly untrackedChanges?: readonly Change[];
    readonly mergeChanges: readonly Change[];
  };
  diff(cached?: boolean): Promise<string>;
  diffBetween(from: string, to: string): Promise<Change[]>;
  diffBetween(from: string, to: string, path: string): Promise<string>;
  getMergeBase(one: string, other: string): Promise<string | undefined>;
  getBranchBase?(name: string): Promise<{ readonly remote?: string; readonly name?: string; readonly commit?: string } | undefined>;
  log(options: { maxEntries?: number; range?: string }): Promise<readonly { readonly message: string }[]>;
}

interface GitExtension {
  getAPI(version: 1): { readonly repositories: readonly Repository[]; getRepository(uri: vscode.Uri): Repository | null };
}

/**
 * Returns the repository of a button in the Source Control view, of the active editor, or a selected one.
 * @param given The source control of the button.
 */
export async function findRepository(given: unknown): Promise<Repository | undefined> {
  const extension = vscode.extensions.getExtension<GitExtension | undefined>('vscode.git');
  const api = (extension?.isActive === true ? extension.exports : await extension?.activate())?.getAPI(1);
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
