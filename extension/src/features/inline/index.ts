import * as l10n from '../../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling } from '../../infrastructure/errors';
import { workspacePath } from '../../infrastructure/workspaceFolders';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { fenceFor } from '../../common/fence';
import { type ActionTarget, readTarget, registerCodeActions } from './codeActions';
import { commands } from './commands';
import { activeEditor, InlineEdits } from './inlineEdits';
import { linesToRewrite, symbolAt } from './symbolLines';

export function activateInline(sidecar: Sidecar, providers: ProviderList, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  const edits = disposables.add(new InlineEdits(sidecar, providers, log));
  disposables.add(registerCodeActions());
  const register = (id: string, action: (given: unknown) => Promise<unknown>): void => {
    disposables.add(vscode.commands.registerCommand(id, (given: unknown) => runWithErrorHandling(log, () => action(given))));
  };
  register(commands.edit, () => edits.ask());
  register(commands.accept, () => edits.accept());
  register(commands.reject, () => edits.reject());
  register(commands.retry, () => edits.retry());
  register(commands.followUp, () => edits.followUp());
  register(commands.showDiff, () => edits.showDiff());
  register(commands.continueInChat, () => edits.continueInChat());

  const registerFor = (id: string, action: (target: ActionTarget) => Promise<unknown>): void =>
    register(id, async (given) => action(await readTarget(given, activeEditor)));
  registerFor(commands.fix, async ({ document, range, problems }) => {
    if (problems.length === 0) {
      throw new FailureError('conflict', l10n.t('There is no problem at the cursor. Move it to a problem and try again.'));
    }
    await vscode.window.showTextDocument(document);
    const instruction =
      problems.length === 1 ? l10n.t('Fix this problem in {0}', problems[0] ?? '') : l10n.t('Fix these problems: {0}', problems.join('; '));
    await edits.start(document, [await linesToRewrite(document, range)], instruction);
  });
  registerFor(commands.document, async ({ document, range }) => {
    await vscode.window.showTextDocument(document);
    const lines = range.isSingleLine ? await linesToRewrite(document, range) : range;
    await edits.start(document, [lines], l10n.t('Add documentation comments in the style of the language and the file. Change no code.'));
  });
  registerFor(commands.explain, async ({ document, range, problems }) =>
    askAboutCode(
      problems.length === 0 ? l10n.t('Explain this code.') : l10n.t('Explain this problem in {0}', problems.join('; ')),
      document,
      range,
    ),
  );
  registerFor(commands.generateTests, ({ document, range }) =>
    askAboutCode(l10n.t('Write tests for this code, with the test framework and in the style of the project.'), document, range),
  );
  register(commands.fixTest, (given) => askAboutTest(given, (test) => l10n.t('The test “{0}” fails. Find the cause and fix it.', test)));
  register(commands.explainTest, (given) =>
    askAboutTest(given, (test) => l10n.t('The test “{0}” fails. Explain why. Change no files.', test)),
  );
  return disposables;
}

const testItem = v.object({
  label: v.string(),
  uri: v.optional(v.custom<vscode.Uri>((value) => value instanceof vscode.Uri)),
  range: v.optional(v.custom<vscode.Range>((value) => value instanceof vscode.Range)),
});

const testMessage = v.object({
  message: v.union([v.string(), v.object({ value: v.string() })]),
  expectedOutput: v.optional(v.string()),
  actualOutput: v.optional(v.string()),
});

const failedMessage = v.object({ test: testItem, message: testMessage });

const maxTestMessage = 8000;

/** The cause may be in any file, so a chat looks for it. VS Code passes a test without its message if the test has only one. */
async function askAboutTest(given: unknown, ask: (test: string) => l10n.LocalizedText): Promise<void> {
  if (v.is(failedMessage, given)) return askAboutFailure(given.test, `${ask(given.test.label)}\n\n${outputOf(given.message)}`);
  if (v.is(testItem, given)) return askAboutFailure(given, ask(given.label));
  throw new FailureError('badRequest', l10n.t('The test result is not available. Run the test again.'));
}

async function askAboutFailure({ uri, range }: v.InferOutput<typeof testItem>, question: string): Promise<void> {
  await askInChat(question, uri === undefined ? undefined : await vscode.workspace.openTextDocument(uri), range);
}

function outputOf(message: v.InferOutput<typeof testMessage>): string {
  const text = typeof message.message === 'string' ? message.message : message.message.value;
  const output = [
    text,
    ...(message.expectedOutput === undefined ? [] : [`Expected:\n${message.expectedOutput}`]),
    ...(message.actualOutput === undefined ? [] : [`Actual:\n${message.actualOutput}`]),
  ]
    .join('\n\n')
    .slice(0, maxTestMessage);
  const fence = fenceFor(output);
  return `${fence}\n${output}\n${fence}`;
}

/** Without a selection, asks about the symbol at the cursor, or about the file if there is none. */
async function askAboutCode(text: string, document: vscode.TextDocument, range: vscode.Range): Promise<void> {
  await askInChat(text, document, range.isEmpty ? ((await symbolAt(document, range)) ?? range) : range);
}

async function askInChat(text: string, document?: vscode.TextDocument, range?: vscode.Range): Promise<void> {
  if (document === undefined) return void (await vscode.commands.executeCommand('plue.askInChat', { text, files: [] }));
  if (document.uri.scheme !== 'file') {
    throw new FailureError('badRequest', l10n.t('Only files on disk can be sent to a chat. Save the file and try again.'));
  }
  const path = workspacePath(document.uri);
  const last =
    range !== undefined && range.end.character === 0 && range.end.line > range.start.line ? range.end.line : (range?.end.line ?? 0) + 1;
  const lines = range === undefined || range.isEmpty ? {} : { range: { start: range.start.line + 1, end: last } };
  await vscode.commands.executeCommand('plue.askInChat', { text, files: [{ path, ...lines }] });
}
