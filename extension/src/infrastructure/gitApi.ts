// The parts of the API of VS Code's Git extension that Plue uses.
import * as vscode from 'vscode';

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
    readonly HEAD: { readonly name?: string; readonly commit?: string } | undefined;
    readonly indexChanges: readonly Change[];
    readonly workingTreeChanges: readonly Change[];
    readonly untrackedChanges?: readonly Change[];
    readonly mergeChanges: readonly Change[];
    readonly onDidChange: vscode.Event<void>;
  };
  diff(cached?: boolean): Promise<string>;
  diffBetween(from: string, to: string): Promise<Change[]>;
  diffBetween(from: string, to: string, path: string): Promise<string>;
  getMergeBase(one: string, other: string): Promise<string | undefined>;
  getBranchBase?(name: string): Promise<{ readonly remote?: string; readonly name?: string; readonly commit?: string } | undefined>;
  status(): Promise<void>;
  log(options: { maxEntries?: number; range?: string }): Promise<readonly { readonly message: string }[]>;
}

interface GitApi {
  readonly repositories: readonly Repository[];
  readonly onDidOpenRepository: vscode.Event<Repository>;
  readonly onDidCloseRepository: vscode.Event<Repository>;
  getRepository(uri: vscode.Uri): Repository | null;
}

/** Undefined if Git support is turned off. */
export async function gitApi(): Promise<GitApi | undefined> {
  const extension = vscode.extensions.getExtension<{ getAPI(version: 1): GitApi } | undefined>('vscode.git');
  return (extension?.isActive === true ? extension.exports : await extension?.activate())?.getAPI(1);
}
