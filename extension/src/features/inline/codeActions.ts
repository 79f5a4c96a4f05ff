// Actions on problems, selections and symbols: in the lightbulb, in hovers, and in the palette.
import * as l10n from '../../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { type CommandLink, registerLinkHover } from '../../infrastructure/window';
import { commands } from './commands';
import { codeAt } from './symbolLines';

/** What an action is about, as the argument of its command. */
const target = v.object({
  uri: v.string(),
  /** Line and character of start and end, from 0. */
  range: v.tuple([v.number(), v.number(), v.number(), v.number()]),
  /** Messages of problems. */
  problems: v.optional(v.array(v.string())),
});

export interface ActionTarget {
  document: vscode.TextDocument;
  range: vscode.Range;
  problems: readonly string[];
}

const maxProblems = 5;

const ownSource = 'plue';

export function registerCodeActions(): vscode.Disposable {
  const actions = vscode.languages.registerCodeActionsProvider(
    '*',
    {
      provideCodeActions: async (document, range, { diagnostics, only, triggerKind }) => {
        const wants = (kind: vscode.CodeActionKind): boolean => only === undefined || only.contains(kind);
        const problems = diagnostics.filter(({ source }) => source !== ownSource);
        const isAsked = triggerKind === vscode.CodeActionTriggerKind.Invoke;
        const symbol =
          wants(vscode.CodeActionKind.RefactorRewrite) && range.isEmpty ? await codeAt(document, range.start, isAsked) : undefined;
        return [
          ...(wants(vscode.CodeActionKind.QuickFix) && problems.length > 0 ? fixActions(document, problems) : []),
          ...(wants(vscode.CodeActionKind.RefactorRewrite) && !range.isEmpty ? selectionActions(document, range) : []),
          ...(symbol === undefined ? [] : codeActions(document, symbol)),
        ];
      },
    },
    { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix, vscode.CodeActionKind.RefactorRewrite] },
  );
  const hover = registerLinkHover('*', (document, position) => {
    const problems = vscode.languages
      .getDiagnostics(document.uri)
      .filter(({ range, source }) => source !== ownSource && range.contains(position));
    const [first] = problems;
    if (first === undefined) return [];
    const args = [argument(document, first.range, problems.map(problemText))];
    return [
      link(l10n.t('Fix with Plue'), 'sparkle', commands.fix, args),
      link(l10n.t('Explain with Plue'), 'comment-discussion', commands.explain, args),
    ];
  });
  return vscode.Disposable.from(actions, hover);
}

/** Reads the argument of an action; without one, the selection or the line of the cursor and its problems. */
export async function readTarget(given: unknown, editor: () => vscode.TextEditor): Promise<ActionTarget> {
  const parsed = v.safeParse(target, given);
  if (parsed.success) {
    const { uri, range, problems = [] } = parsed.output;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
    return { document, range: document.validateRange(new vscode.Range(...range)), problems };
  }
  const { document, selection } = editor();
  const range = selection.isEmpty ? document.lineAt(selection.active.line).range : selection;
  const problems = vscode.languages.getDiagnostics(document.uri).filter((problem) => problem.range.intersection(range) !== undefined);
  return { document, range: selection, problems: problems.slice(0, maxProblems).map(problemText) };
}

function fixActions(document: vscode.TextDocument, problems: readonly vscode.Diagnostic[]): vscode.CodeAction[] {
  const [first] = problems;
  if (first === undefined) return [];
  const args = [argument(document, first.range, problems.slice(0, maxProblems).map(problemText))];
  return [
    action(l10n.t('Fix with Plue'), vscode.CodeActionKind.QuickFix, commands.fix, args, problems),
    action(l10n.t('Explain with Plue'), vscode.CodeActionKind.QuickFix, commands.explain, args, problems),
  ];
}

function selectionActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
  const edit = action(l10n.t('Edit with Plue…'), vscode.CodeActionKind.RefactorRewrite, commands.edit, []);
  return [edit, ...codeActions(document, range)];
}

function codeActions(document: vscode.TextDocument, range: vscode.Range): vscode.CodeAction[] {
  const args = [argument(document, range, [])];
  const kind = vscode.CodeActionKind.RefactorRewrite;
  return [
    action(l10n.t('Document with Plue'), kind, commands.document, args),
    action(l10n.t('Generate Tests with Plue'), kind, commands.generateTests, args),
    action(l10n.t('Explain with Plue'), kind, commands.explain, args),
  ];
}

function action(
  title: l10n.LocalizedText,
  kind: vscode.CodeActionKind,
  command: string,
  args: unknown[],
  problems: readonly vscode.Diagnostic[] = [],
): vscode.CodeAction {
  const made = new vscode.CodeAction(title, kind);
  made.command = { title, command, arguments: args };
  made.diagnostics = [...problems];
  return made;
}

function link(title: l10n.LocalizedText, icon: string, command: string, args: unknown[]): CommandLink {
  return { title, icon, command, args };
}

function argument({ uri }: vscode.TextDocument, { start, end }: vscode.Range, problems: readonly string[]): v.InferOutput<typeof target> {
  return { uri: uri.toString(), range: [start.line, start.character, end.line, end.character], problems: [...problems] };
}

function problemText({ message, source, code, range }: vscode.Diagnostic): string {
  const id = typeof code === 'object' ? code.value : code;
  const name = [source, id].filter((part) => part !== undefined && part !== '').join(' ');
  return `${l10n.t('line {0}', range.start.line + 1)}: ${message}${name === '' ? '' : ` (${name})`}`;
}
