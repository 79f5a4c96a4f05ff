import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { HelpAction } from '../../common/messages/chat';

/** Does what a button under an error offers. Other rooms are reached by their commands. */
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

/** In a terminal, where its output is seen and where it can be ended. */
function startOllama(): void {
  const terminal = vscode.window.createTerminal({ name: 'Ollama', cwd: homedir() });
  terminal.show(true);
  terminal.sendText('ollama serve');
}
