import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { HelpAction } from '../../common/messages/chat';

/** Runs the action of an error's button. Other features are called through their commands. */
export async function help(action: Exclude<HelpAction, 'chooseProvider'>, providerId: string | undefined): Promise<void> {
  switch (action) {
    case 'setKey':
      await vscode.commands.executeCommand('plue.configureProviderKey', providerId);
      return;
    case 'signInProvider':
      await vscode.commands.executeCommand('plue.signInProvider', providerId);
      return;
    case 'allowKey':
      await vscode.commands.executeCommand('plue.allowKey', providerId);
      return;
    case 'enableProvider':
      await vscode.commands.executeCommand('plue.enableProvider', providerId);
      return;
    case 'openSettings':
      await vscode.commands.executeCommand('plue.openSettings');
      return;
    case 'signInClaude':
      await vscode.commands.executeCommand('plue.checkClaudeCodeAuth');
      return;
    case 'unlockVault':
      await vscode.commands.executeCommand('plue.unlockVault');
      return;
    case 'startOllama':
      startOllama();
      return;
    case 'manageProviders':
      await vscode.commands.executeCommand('plue.manageProviders', providerId);
      return;
    case 'addProvider':
      await vscode.commands.executeCommand('plue.connectProvider');
      return;
    case 'takeTour':
      await vscode.commands.executeCommand('plue.takeTour');
      return;
    case 'openLog':
      await vscode.commands.executeCommand('plue.showLog');
      return;
    case 'restartSidecar':
      await vscode.commands.executeCommand('plue.restartServer');
      return;
    case 'manageTrust':
      await vscode.commands.executeCommand('workbench.trust.manage');
      return;
  }
}

/** Uses a terminal, where the user sees the output and can stop it. */
function startOllama(): void {
  const terminal = vscode.window.createTerminal({ name: 'Ollama', cwd: homedir() });
  terminal.show(true);
  terminal.sendText('ollama serve');
}
