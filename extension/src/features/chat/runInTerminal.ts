// Runs the text of a shell block in a terminal that the user sees.
import * as vscode from 'vscode';

const terminalName = 'Plue';

export function runInTerminal(text: string): void {
  const terminal = vscode.window.terminals.find(({ name, exitStatus }) => name === terminalName && exitStatus === undefined);
  const shown = terminal ?? vscode.window.createTerminal({ name: terminalName, iconPath: new vscode.ThemeIcon('comment-discussion') });
  shown.show();
  shown.sendText(commandsIn(text), true);
}

/** Without the prompts of a console transcript, and without its output. */
export function commandsIn(text: string): string {
  const lines = text.trim().split(/\r?\n/);
  const commands = lines.filter((line) => /^[$>%] /.test(line)).map((line) => line.slice(2));
  return (commands.length > 0 && /^[$>%] /.test(lines[0] ?? '') ? commands : lines).join('\n');
}
