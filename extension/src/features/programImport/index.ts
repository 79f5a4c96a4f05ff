// Switch to Plue: finds data of other programs, imports what the user selects, and can undo the whole import.
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import type { Sidecar } from '../../server/client';
import { commands } from './commands';
import { Importer } from './importer';

/** @param userFolder VS Code's folder for user settings. */
export function activateProgramImport(sidecar: Sidecar, log: vscode.LogOutputChannel, userFolder?: string): vscode.Disposable {
  const disposables = new Disposables();
  const importer = (): Importer => new Importer(sidecar, log, userFolder);
  const register = (command: string, run: () => Promise<void>): void => {
    disposables.add(vscode.commands.registerCommand(command, () => runWithErrorHandling(log, run)));
  };
  register(commands.switchToPlue, () => importer().run());
  register(commands.undoSwitch, () => importer().undoLast());
  return disposables;
}
