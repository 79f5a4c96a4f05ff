// Lists problems of workspace files, after waiting for those caused by an edit.
import * as vscode from 'vscode';
import type { HostProblem, HostProblemsParams, HostProblemsResult, HostSeverity } from '../../protocol/protocol.generated';
import { isInside } from '../../infrastructure/insideFolder';
import { longestWait, ProblemWaits } from './problemWaits';
import { isOfWorkspace, workspaceUri } from './workspaceDocuments';

const maxProblems = 500;
const maxMessage = 1000;
const maxKnown = 20_000;
/** Language servers report a file in several steps: milliseconds without a change that end a wait. */
const silence = 300;

const severities: HostSeverity[] = ['error', 'warning', 'information', 'hint'];

export class Problems implements vscode.Disposable {
  private revision = 0;
  /** The revision in which the problems of an address last changed. */
  private readonly changedAt = new Map<string, number>();
  private readonly waits = new ProblemWaits();
  private readonly changed = new vscode.EventEmitter<readonly vscode.Uri[]>();
  private readonly registration = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
    this.revision++;
    if (this.changedAt.size > maxKnown) this.changedAt.clear();
    for (const uri of uris) this.changedAt.set(uri.toString(), this.revision);
    this.changed.fire(uris);
  });

  async list({ paths, after }: HostProblemsParams, token?: vscode.CancellationToken): Promise<HostProblemsResult> {
    const named = paths?.flatMap((path) => workspaceUri(path) ?? []);
    const uris = named !== undefined && after === undefined ? named.flatMap(filesIn) : named;
    if (uris !== undefined && after !== undefined) await this.waitFor(uris, after, token);
    const all = (uris ?? addresses()).flatMap((uri) => vscode.languages.getDiagnostics(uri).map((one) => toProblem(uri, one)));
    all.sort((a, b) => rank(a) - rank(b) || compare(a.path, b.path) || a.line - b.line);
    return { problems: all.slice(0, maxProblems), total: all.length, revision: this.revision, isTracked: uris?.some(isTracked) ?? true };
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }

  /** Resolves when the problems of one of the files changed after the revision and then settled, or when the limit of their languages is reached. */
  private waitFor(uris: vscode.Uri[], after: number, token?: vscode.CancellationToken): Promise<void> {
    const wanted = new Set(uris.map((uri) => uri.toString()));
    const languages = [...new Set(uris.map(languageOf))];
    const isEarly = [...wanted].some((uri) => (this.changedAt.get(uri) ?? 0) > after);
    this.measure(wanted, languages, isEarly);
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(limit);
        clearTimeout(quiet);
        listening.dispose();
        stopping?.dispose();
        resolve();
      };
      const limit = setTimeout(finish, this.waits.limitFor(languages));
      let quiet = isEarly ? setTimeout(finish, silence) : undefined;
      const listening = this.changed.event((changed) => {
        if (!changed.some((uri) => wanted.has(uri.toString()))) return;
        clearTimeout(quiet);
        quiet = setTimeout(finish, silence);
      });
      const stopping = token?.onCancellationRequested(finish);
    });
  }

  /** Keeps measuring after a short wait, so that a late change lengthens the next wait. */
  private measure(wanted: ReadonlySet<string>, languages: readonly string[], isEarly: boolean): void {
    const add = (delay: number | undefined): void => languages.forEach((language) => this.waits.add(language, delay));
    if (isEarly) return add(0);
    const begun = performance.now();
    const finish = (delay: number | undefined): void => {
      clearTimeout(limit);
      listening.dispose();
      add(delay);
    };
    const limit = setTimeout(() => finish(undefined), longestWait);
    const listening = this.changed.event((changed) => {
      if (changed.some((uri) => wanted.has(uri.toString()))) finish(performance.now() - begun);
    });
  }
}

/** A file that is not open is classified by its extension. */
function languageOf(uri: vscode.Uri): string {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  return open?.languageId ?? /\.[^./]*$/.exec(uri.path)?.[0] ?? '';
}

function addresses(): vscode.Uri[] {
  return vscode.languages
    .getDiagnostics()
    .map(([uri]) => uri)
    .filter(isOfWorkspace);
}

/** Returns the files with problems in a folder; for a file, the file itself. */
function filesIn(uri: vscode.Uri): vscode.Uri[] {
  if (vscode.languages.getDiagnostics(uri).length > 0) return [uri];
  const inside = addresses().filter(({ fsPath }) => isInside(fsPath, uri.fsPath));
  return inside.length > 0 ? inside : [uri];
}

/** Language servers check visible files; a file with problems was checked. */
function isTracked(uri: vscode.Uri): boolean {
  const address = uri.toString();
  return (
    vscode.window.visibleTextEditors.some(({ document }) => document.uri.toString() === address) ||
    vscode.languages.getDiagnostics(uri).length > 0
  );
}

function toProblem(uri: vscode.Uri, { range, severity, message, source, code }: vscode.Diagnostic): HostProblem {
  const value = typeof code === 'object' ? code.value : code;
  return {
    path: uri.fsPath,
    line: range.start.line + 1,
    column: range.start.character + 1,
    severity: severities[severity] ?? 'hint',
    message: message.slice(0, maxMessage),
    source,
    code: value === undefined ? undefined : String(value),
  };
}

function rank({ severity }: HostProblem): number {
  return severities.indexOf(severity);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
