// Runs the text of a shell block in a visible terminal.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { countHidden } from '../../common/visibleText';
import { FailureError } from '../../infrastructure/errors';

const terminalName = 'Plue';

/** A terminal obeys control characters, so the text must not contain anything that the block does not show. */
export function runInTerminal(text: string): void {
  const commands = commandsIn(text);
  if (countHidden(commands) > 0) {
    throw new FailureError('badRequest', l10n.t('The block contains hidden characters, so it was not run. Copy it and remove them first.'));
  }
  const terminal = vscode.window.terminals.find(({ name, exitStatus }) => name === terminalName && exitStatus === undefined);
  const shown = terminal ?? vscode.window.createTerminal({ name: terminalName, iconPath: new vscode.ThemeIcon('comment-discussion') });
  shown.show();
  shown.sendText(commands, true);
}

/** Returns the commands of a console transcript without prompts and output. */
export function commandsIn(text: string): string {
  const lines = text.trim().split(/\r?\n/);
  const commands = lines.filter((line) => /^[$>%] /.test(line)).map((line) => line.slice(2));
  return (commands.length > 0 && /^[$>%] /.test(lines[0] ?? '') ? commands : lines).join('\n');
}
