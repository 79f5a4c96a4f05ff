import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import { StatusBarItem } from '../../infrastructure/window';
import type { Sidecar } from '../../server/client';
import { BeforeFiles } from './beforeFiles';
import { commands } from './commands';
import { inText, isReviewOfAll, readTarget, type Target } from './hunks';
import { ReviewMarks } from './reviewMarks';
import { fileOf, Reviews } from './reviews';

export function activateEdits(sidecar: Sidecar, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  const before = disposables.add(new BeforeFiles(sidecar));
  const reviews = disposables.add(new Reviews(sidecar, before, log));
  const marks = disposables.add(new ReviewMarks((uri) => reviews.filesAt(uri)));
  const status = disposables.add(
    new StatusBarItem({
      id: 'plue.changes',
      name: l10n.t('Plue: changes to review'),
      command: commands.reviewChanges,
      alignment: vscode.StatusBarAlignment.Left,
    }),
  );
  disposables.add(
    reviews.onDidChange(() => {
      marks.refresh();
      showStatus(status, reviews);
      const paths = reviews.files.flatMap((file) => fileOf(file)?.fsPath ?? []);
      void vscode.commands.executeCommand('setContext', 'plue.reviewedFiles', paths);
      void vscode.commands.executeCommand('setContext', 'plue.hasReviews', reviews.files.length > 0);
    }),
  );

  const register = (id: string, action: (target: Target | undefined, given: unknown) => Promise<unknown>): void => {
    disposables.add(
      vscode.commands.registerCommand(id, (given: unknown) => runWithErrorHandling(log, () => action(readTarget(given), given))),
    );
  };
  register(commands.reviewChanges, (target) => reviews.review(target));
  register(commands.acceptChange, (target) => reviews.decide(target, true));
  register(commands.rejectChange, (target) => reviews.decide(target, false));
  register(commands.acceptAllChanges, (target, given) => reviews.decideAll(target, true, isReviewOfAll(given)));
  register(commands.rejectAllChanges, (target, given) => reviews.decideAll(target, false, isReviewOfAll(given)));
  register(commands.nextChange, () => Promise.resolve(reviews.move(1)));
  register(commands.previousChange, () => Promise.resolve(reviews.move(-1)));
  register(commands.undoTurn, (target) => reviews.undoOrRedo(target, true));
  register(commands.redoTurn, (target) => reviews.undoOrRedo(target, false));
  return disposables;
}

function showStatus(status: StatusBarItem, { files, omitted }: Reviews): void {
  if (files.length === 0) return status.hide();
  const conflicts = files.flatMap(({ conflict }) => (conflict === undefined ? [] : [conflict]));
  status.show({
    icon: conflicts.length > 0 ? 'warning' : 'diff',
    text: inText(files),
    tooltip: [l10n.t('Review what agents changed'), ...conflicts.slice(0, 5), ...(omitted === undefined ? [] : [omitted])].join('\n'),
  });
}
