// Shows the open findings of one review as comment threads.
import { join } from 'node:path';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { codeMarkdown, createCommentController, literalLine } from '../../infrastructure/window';
import type { ReviewFindingView, ReviewSeverity, ReviewView } from '../../protocol/protocol.generated';
import { ExcerptFiles } from './excerptFiles';
import { placeIn, placeInExcerpt } from './findingPlace';

/** A thread and what it shows. */
export interface ShownFinding {
  thread: vscode.CommentThread;
  reviewId: string;
  finding: ReviewFindingView;
}

export class FindingThreads implements vscode.Disposable {
  private readonly controller = createCommentController('plue.findings', l10n.t('Plue: findings of reviews'));
  private readonly excerpts = new ExcerptFiles();
  private shown: ShownFinding[] = [];

  get open(): readonly ShownFinding[] {
    return this.shown;
  }

  /** Replaces the threads by those of the review. */
  async show(review: ReviewView): Promise<void> {
    this.clear();
    for (const finding of review.findings) {
      if (finding.state !== 'open') continue;
      const { uri, range } = await this.placeOf(review, finding);
      this.shown.push({ thread: this.create(uri, range, finding), reviewId: review.id, finding });
    }
  }

  /** Returns the finding of a thread; undefined if it is no longer shown. */
  of(thread: unknown): ShownFinding | undefined {
    return this.shown.find((one) => one.thread === thread);
  }

  remove({ thread }: ShownFinding): void {
    this.shown = this.shown.filter((one) => one.thread !== thread);
    thread.dispose();
  }

  /** Opens the file of the first finding. */
  async reveal(): Promise<void> {
    const [first] = this.shown;
    if (first === undefined) return;
    const { uri, range } = first.thread;
    await vscode.window.showTextDocument(uri, { preview: false, ...(range === undefined ? {} : { selection: range }) });
  }

  dispose(): void {
    this.clear();
    this.excerpts.dispose();
    this.controller.dispose();
  }

  private clear(): void {
    for (const { thread } of this.shown) thread.dispose();
    this.shown = [];
    this.excerpts.clear();
  }

  private create(uri: vscode.Uri, range: vscode.Range, finding: ReviewFindingView): vscode.CommentThread {
    const thread = this.controller.createCommentThread(uri, range, [
      {
        author: { name: literalLine(severityName(finding.severity)) },
        body: bodyOf(finding),
        mode: vscode.CommentMode.Preview,
        ...(finding.isChecked ? {} : { label: literalLine(l10n.t('not checked')) }),
      },
    ]);
    thread.label = literalLine(finding.title);
    thread.contextValue = finding.fix === undefined ? 'finding' : 'findingWithFix';
    thread.canReply = false;
    thread.collapsibleState = vscode.CommentThreadCollapsibleState.Expanded;
    return thread;
  }

  private async placeOf(review: ReviewView, finding: ReviewFindingView): Promise<{ uri: vscode.Uri; range: vscode.Range }> {
    const uri = vscode.Uri.file(join(review.folder, finding.file));
    const document = await Promise.resolve(vscode.workspace.openTextDocument(uri)).catch(() => undefined);
    const place = document === undefined ? undefined : placeIn(document.getText().split(/\r?\n/), finding);
    if (place !== undefined) return { uri, range: new vscode.Range(place[0], 0, place[1], 0) };
    const line = placeInExcerpt(finding.excerpt, finding.line);
    return { uri: this.excerpts.add(finding), range: new vscode.Range(line, 0, line, 0) };
  }
}

function bodyOf({ reason, fix }: ReviewFindingView): vscode.MarkdownString {
  if (fix === undefined) return codeMarkdown([reason]);
  const lines = (text: string, sign: string): string =>
    text === ''
      ? ''
      : text
          .split('\n')
          .map((line) => `${sign}${line}\n`)
          .join('');
  return codeMarkdown([reason, l10n.t('Fix:')], { code: lines(fix.before, '-') + lines(fix.after, '+'), language: 'diff' });
}

function severityName(severity: ReviewSeverity): l10n.LocalizedText {
  switch (severity) {
    case 'error':
      return l10n.t('Error');
    case 'warning':
      return l10n.t('Warning');
    default:
      return l10n.t('Note');
  }
}
