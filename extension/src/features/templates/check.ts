// Shows the problems of all templates in the Problems view.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import type { Log } from '../../infrastructure/logging';
import { showInformationMessage, showWarningMessage } from '../../infrastructure/window';
import { templateCheck } from '../../protocol/protocol.generated';
import type { TemplateFinding } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

const { Error: error, Warning: warning, Information: information } = vscode.DiagnosticSeverity;
const severities = { error, warning, risk: information } as const satisfies Record<TemplateFinding['kind'], vscode.DiagnosticSeverity>;

/** Open files show their errors while typing, so errors are listed only for closed files. Risks are always listed. */
export class Check implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly problems = vscode.languages.createDiagnosticCollection('Plue check');
  /** Problems by file; undefined until the first check. */
  private findings: Map<string, TemplateFinding[]> | undefined;

  constructor(
    private readonly sidecar: Sidecar,
    log: Pick<Log, 'warn'>,
  ) {
    this.disposables.add(this.problems);
    const redraw = ({ uri }: vscode.TextDocument): void => this.draw(uri.fsPath);
    this.disposables.add(vscode.workspace.onDidOpenTextDocument(redraw));
    this.disposables.add(vscode.workspace.onDidCloseTextDocument(redraw));
    this.disposables.add(
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        // Repeats the check after changes, so that fixed problems disappear.
        if (this.findings === undefined || !isOfTemplates(uri)) return;
        this.look().catch((fault: unknown) => log.warn(`The templates could not be checked: ${toFailureError(fault).message}`));
      }),
    );
  }

  async run(): Promise<void> {
    const findings = await this.look();
    if (findings.length === 0) {
      void showInformationMessage(l10n.t('No problems found in the templates and their references.'));
      return;
    }
    const shown = await showWarningMessage(summaryOf(findings), l10n.t('Show Problems'));
    if (shown !== undefined) await vscode.commands.executeCommand('workbench.actions.view.problems');
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private async look(): Promise<TemplateFinding[]> {
    const { findings } = await this.sidecar.request(templateCheck, {});
    const before = [...(this.findings?.keys() ?? [])];
    this.findings = new Map();
    for (const finding of findings) {
      const others = this.findings.get(finding.path);
      if (others === undefined) this.findings.set(finding.path, [finding]);
      else others.push(finding);
    }
    for (const path of new Set([...before, ...this.findings.keys()])) this.draw(path);
    return findings;
  }

  private draw(path: string): void {
    // Built-in documents have no file.
    if (this.findings === undefined || !isAbsolute(path)) return;
    const isOpen = vscode.workspace.textDocuments.some(({ uri }) => uri.fsPath === path);
    const found = (this.findings.get(path) ?? []).filter(({ kind }) => kind === 'risk' || !isOpen);
    this.problems.set(vscode.Uri.file(path), found.map(diagnosticOf));
  }
}

/** Returns "2 errors, 1 risk in the templates." */
export function summaryOf(findings: readonly TemplateFinding[]): LocalizedText {
  const count = (kind: TemplateFinding['kind']): number => findings.filter((finding) => finding.kind === kind).length;
  const [mistakes, warnings, risks] = [count('error'), count('warning'), count('risk')];
  const parts = [
    ...(mistakes === 0 ? [] : [mistakes === 1 ? l10n.t('1 error') : l10n.t('{0} errors', mistakes)]),
    ...(warnings === 0 ? [] : [warnings === 1 ? l10n.t('1 warning') : l10n.t('{0} warnings', warnings)]),
    ...(risks === 0 ? [] : [risks === 1 ? l10n.t('1 risk') : l10n.t('{0} risks', risks)]),
  ];
  const [first] = findings;
  const what = first !== undefined && findings.length === 1 ? ` ${first.templateId}: ${first.message}` : '';
  return l10n.verbatim(`${l10n.t('{0} in the templates.', parts.join(', '))}${what}`);
}

export function isOfTemplates({ fsPath }: vscode.Uri): boolean {
  return /[/\\](?:templates|prompts)[/\\][^/\\]+\.(?:json5?|md)$/.test(fsPath);
}

function isAbsolute(path: string): boolean {
  return /^(?:[/\\]|[a-z]:[/\\])/i.test(path);
}

/** Positions in the protocol are one-based. */
function diagnosticOf({ kind, code, message, line, column }: TemplateFinding): vscode.Diagnostic {
  const at = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
  const diagnostic = new vscode.Diagnostic(new vscode.Range(at, at), message, severities[kind]);
  diagnostic.source = l10n.t('Plue check');
  diagnostic.code = code;
  return diagnostic;
}
