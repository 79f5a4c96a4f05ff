// Identifies Plue's files by their URIs.
import { join } from 'node:path';
import { shippedScheme } from '../../server/shipped';

export const languageId = 'plue-json5';

/** The members of `vscode.Uri` that are used here. */
export interface Address {
  scheme: string;
  path: string;
  fsPath: string;
}

/** True for Plue's JSON5 files that VS Code does not recognize by name. */
export function isOurs(address: Address, home: string): boolean {
  if (address.scheme === shippedScheme || address.scheme === 'plue-version') return address.path.endsWith('.json5');
  if (address.scheme !== 'file' || !address.fsPath.endsWith('.json5')) return false;
  return ['templates', 'providers', 'items'].some((folder) => isInside(address.fsPath, join(home, folder)));
}

/** Converts `plue-codex:/templates/task.json5` to `codex://templates/task`. */
export function codexOf({ scheme, path }: Address): string | undefined {
  const parts = /^\/([a-z]+)\/([a-z0-9][a-z0-9._-]*)\.(?:json5|md)$/.exec(path);
  return scheme === shippedScheme && parts !== null ? `codex://${parts[1] ?? ''}/${parts[2] ?? ''}` : undefined;
}

/** True for direct children only. */
function isInside(path: string, folder: string): boolean {
  return path.startsWith(folder) && /^[\\/][^\\/]+$/.test(path.slice(folder.length));
}
