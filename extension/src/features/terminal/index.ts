// Offers help with the last failed command of a terminal. Requires shell integration.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { ContextKey } from '../../infrastructure/contextKey';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling } from '../../infrastructure/errors';
import { StatusBarItem } from '../../infrastructure/window';
import type { Sidecar } from '../../server/client';
import { BackgroundTerminals } from './backgroundTerminals';
import { commands } from './commands';
import { commandText, type FailedCommand, failureMessage, OutputEnd, toolOutput } from './terminalText';

/** Exit code of a command that the user stopped with Ctrl+C. */
const interrupted = 130;

interface Failure extends Omit<FailedCommand, 'output'> {
  /** Read when the message is sent, because the last output may arrive after the command has ended. */
  output: OutputEnd;
}

interface LastCommand {
  commandLine: string;
  exitCode: number | undefined;
  output: OutputEnd;
}

export function activateTerminal(sidecar: Sidecar, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  // VS Code does not report the end of a command in a closed terminal, so keys are weak.
  const outputs = new WeakMap<vscode.TerminalShellExecution, OutputEnd>();
  const failures = new Map<vscode.Terminal, Failure>();
  /** The last finished command of each terminal, successful or not. */
  const lastCommands = new Map<vscode.Terminal, LastCommand>();
  const hasFailed = new ContextKey('plue.terminal.hasFailed');
  const status = disposables.add(
    new StatusBarItem({
      id: 'plue.failedCommand',
      name: l10n.t('Plue: failed command'),
      command: commands.explain,
      alignment: vscode.StatusBarAlignment.Left,
    }),
  );
  const show = (): void => {
    const { activeTerminal } = vscode.window;
    const failure = activeTerminal && failures.get(activeTerminal);
    hasFailed.set(failure !== undefined);
    if (failure === undefined) return status.hide();
    status.show({
      icon: 'terminal',
      text: l10n.t('Explain Failure'),
      tooltip: l10n.t('Explain why this command failed with exit code {0}: {1}', failure.exitCode, failure.commandLine),
    });
  };

  disposables.add(
    vscode.window.onDidStartTerminalShellExecution(({ terminal, execution }) => {
      failures.delete(terminal);
      show();
      const output = new OutputEnd();
      outputs.set(execution, output);
      void runWithErrorHandling(log, async () => {
        for await (const piece of execution.read()) output.push(piece);
      });
    }),
  );
  disposables.add(
    vscode.window.onDidEndTerminalShellExecution(({ terminal, execution, exitCode }) => {
      const output = outputs.get(execution);
      outputs.delete(execution);
      lastCommands.set(terminal, { commandLine: execution.commandLine.value, exitCode, output: output ?? new OutputEnd() });
      if (exitCode === undefined || exitCode === 0 || exitCode === interrupted) return;
      failures.set(terminal, { commandLine: execution.commandLine.value, exitCode, output: output ?? new OutputEnd() });
      show();
    }),
  );
  disposables.add(vscode.window.onDidChangeActiveTerminal(show));
  disposables.add(
    vscode.window.onDidCloseTerminal((terminal) => {
      failures.delete(terminal);
      lastCommands.delete(terminal);
      show();
    }),
  );

  const register = (id: string, request: () => string): void => {
    disposables.add(
      vscode.commands.registerCommand(id, () =>
        runWithErrorHandling(log, async () => {
          const { activeTerminal } = vscode.window;
          const failure = activeTerminal && failures.get(activeTerminal);
          if (failure === undefined) {
            throw new FailureError('conflict', l10n.t('The last command of the terminal did not fail, or shell integration is off.'));
          }
          const output = failure.output.read() || (await lastOutput(failure.commandLine));
          await vscode.commands.executeCommand('plue.askInChat', { text: failureMessage(request(), { ...failure, output }), files: [] });
        }),
      ),
    );
  };
  register(commands.explain, () => l10n.t('Explain why this command failed.'));
  register(commands.fix, () => l10n.t('Find out why this command failed, and fix the cause.'));
  const background = disposables.add(new BackgroundTerminals(sidecar, log));
  disposables.add(
    vscode.commands.registerCommand(commands.showBackground, (id: unknown) =>
      runWithErrorHandling(log, () => background.show(typeof id === 'string' ? id : '')),
    ),
  );
  disposables.add(
    vscode.commands.registerCommand(commands.lastCommand, async (): Promise<string | undefined> => {
      const { activeTerminal } = vscode.window;
      const last = activeTerminal && lastCommands.get(activeTerminal);
      if (last === undefined) return undefined;
      const output = last.output.read() || (await lastOutput(last.commandLine));
      return commandText({ ...last, output });
    }),
  );
  return disposables;
}

/** VS Code sometimes loses the output of short commands, but its tool still returns the last command of the active terminal. */
async function lastOutput(commandLine: string): Promise<string> {
  const name = 'terminal_last_command';
  if (!vscode.lm.tools.some((tool) => tool.name === name)) return '';
  try {
    const { content } = await vscode.lm.invokeTool(name, { input: {}, toolInvocationToken: undefined });
    const text = content.flatMap((part) => (part instanceof vscode.LanguageModelTextPart ? [part.value] : [])).join('\n');
    return toolOutput(text, commandLine);
  } catch {
    // The command is explained without its output.
    return '';
  }
}
