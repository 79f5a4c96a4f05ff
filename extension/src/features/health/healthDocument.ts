// The health report as a read-only document, which is created again when a window restores it.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { createCodeLens } from '../../infrastructure/window';
import type { HealthState } from '../../protocol/protocol.generated';
import { commands } from './commands';
import { reportOf, type HealthReport, type ReportRow } from './report';

const scheme = 'plue-health';
const uri = vscode.Uri.from({ scheme, path: '/Plue Health' });

/** Colors rows in addition to their sign and text. */
const colors = {
  ok: 'charts.green',
  warning: 'list.warningForeground',
  missing: 'descriptionForeground',
  failed: 'list.errorForeground',
} as const satisfies Record<HealthState, string>;

export class HealthDocument implements vscode.TextDocumentContentProvider, vscode.CodeLensProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly lensesChanged = new vscode.EventEmitter<void>();
  private readonly disposables = new Disposables();
  private readonly marks: [HealthState, vscode.TextEditorDecorationType][];
  private placed: ReportRow[] = [];
  private text = '';
  readonly onDidChange = this.changed.event;
  readonly onDidChangeCodeLenses = this.lensesChanged.event;

  constructor(private readonly ask: () => Promise<HealthReport>) {
    const states = ['ok', 'warning', 'missing', 'failed'] as const;
    this.marks = states.map((state) => [
      state,
      vscode.window.createTextEditorDecorationType({ color: new vscode.ThemeColor(colors[state]), fontWeight: 'bold' }),
    ]);
    for (const [, mark] of this.marks) this.disposables.add(mark);
    this.disposables.add(this.changed);
    this.disposables.add(this.lensesChanged);
    this.disposables.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.disposables.add(vscode.languages.registerCodeLensProvider({ scheme }, this));
    this.disposables.add(vscode.window.onDidChangeVisibleTextEditors(() => this.color()));
    this.disposables.add(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme === scheme) this.color();
      }),
    );
  }

  async show(report: HealthReport): Promise<void> {
    this.keep(report);
    this.changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true });
    this.color();
  }

  /** Returns the last report, or creates one. */
  async provideTextDocumentContent(): Promise<string> {
    if (this.text === '') this.keep(await this.ask());
    return this.text;
  }

  provideCodeLenses(): vscode.CodeLens[] {
    return [
      createCodeLens(0, l10n.t('Check Again'), commands.checkHealth),
      createCodeLens(0, l10n.t('Check Providers Too'), commands.checkHealthOnline),
      createCodeLens(0, l10n.t('Copy Report'), commands.copyHealth),
      ...this.placed.flatMap(({ line, row }) => row.fixes.map((fix) => createCodeLens(line, fix.title, fix.command, fix.arguments))),
    ];
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private keep(report: HealthReport): void {
    ({ text: this.text, placed: this.placed } = reportOf(report));
    this.lensesChanged.fire();
  }

  private color(): void {
    for (const editor of vscode.window.visibleTextEditors.filter(({ document }) => document.uri.scheme === scheme)) {
      for (const [state, mark] of this.marks) {
        const rows = this.placed.filter(({ row }) => row.state === state);
        editor.setDecorations(
          mark,
          rows.map(({ line, row }) => new vscode.Range(line, 0, line, row.name.length + 2)),
        );
      }
    }
  }
}
