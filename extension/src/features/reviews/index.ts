// Has a model look for problems in changes, and lets the user decide about each finding.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { atLeast, costNotAvailable, formatCost, formatTime } from '../../common/format';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling, UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showQuickPick, showWarningMessage, withProgress } from '../../infrastructure/window';
import { reviewApply, reviewDecide, reviewList, reviewStart } from '../../protocol/protocol.generated';
import type { ReviewFigures, ReviewProgressParams, ReviewState, ReviewView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { commands } from './commands';
import { FindingThreads, type ShownFinding } from './findingThreads';
import { pickSource } from './pickSource';

export function activateReviews(sidecar: Sidecar, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  let made: FindingThreads | undefined;
  const threads = (): FindingThreads => (made ??= disposables.add(new FindingThreads()));
  const onCommand = (id: string, action: (given: unknown) => Promise<unknown>): void => {
    disposables.add(vscode.commands.registerCommand(id, (given: unknown) => runWithErrorHandling(log, () => action(given))));
  };
  const onFinding = (id: string, action: (shown: ShownFinding) => Promise<unknown>): void => {
    onCommand(id, (given) => {
      const shown = threads().of(given);
      if (shown === undefined) throw new FailureError('notFound', l10n.t('This finding is no longer shown. Select it again.'));
      return action(shown);
    });
  };

  const show = async (review: ReviewView): Promise<void> => {
    await threads().show(review);
    await threads().reveal();
    await vscode.commands.executeCommand('workbench.action.focusCommentsPanel');
  };
  const review = async (): Promise<void> => {
    const choice = await pickSource();
    const ticket = randomUUID();
    const progress = { location: vscode.ProgressLocation.Notification, title: l10n.t('Reviewing changes'), cancellable: true };
    const result = await withProgress(progress, async (shown, token) => {
      const listener = sidecar.onReviewProgress((params) => {
        if (params.ticket === ticket) shown.report({ message: progressText(params) });
      });
      try {
        return await sidecar.request(reviewStart, { ...choice, ticket }, token);
      } finally {
        listener.dispose();
      }
    });
    for (const { path, reason } of result.omitted) log.info(`${path} was not reviewed: it ${reason}`);
    const { figures } = await sidecar.request(reviewList, {});
    if (result.findings.length > 0) await show(result);
    report(result, figures);
  };
  const decide = async (shown: ShownFinding, state: ReviewState, done: l10n.LocalizedText): Promise<void> => {
    const ids = { id: shown.reviewId, findingId: shown.finding.id };
    await sidecar.request(reviewDecide, { ...ids, state });
    threads().remove(shown);
    const undo = l10n.t('Undo');
    void showInformationMessage(done, undo).then((chosen) =>
      chosen === undefined
        ? undefined
        : runWithErrorHandling(log, async () => threads().show(await sidecar.request(reviewDecide, { ...ids, state: 'open' }))),
    );
  };
  const apply = async (shown: ShownFinding): Promise<void> => {
    const ids = { id: shown.reviewId, findingId: shown.finding.id };
    const { review: before, question } = await sidecar.request(reviewApply, { ...ids, isConfirmed: false });
    if (question !== undefined) {
      const button = l10n.t('Apply Fix');
      if ((await showWarningMessage(l10n.t('Apply the fix to this file?'), { modal: true, detail: question }, button)) !== button) return;
      await sidecar.request(reviewApply, { ...ids, isConfirmed: true });
    }
    threads().remove(shown);
    await vscode.window.showTextDocument(vscode.Uri.file(join(before.folder, shown.finding.file)), { preview: false });
  };

  const report = (result: ReviewView, figures: ReviewFigures): void => {
    for (const sentence of limits(result)) void showWarningMessage(sentence);
    if (result.files === 0 && result.isComplete) {
      void showInformationMessage(l10n.t('There are no changes to review.'));
      return;
    }
    void showInformationMessage(summary(result, figures));
  };

  onCommand(commands.reviewChangesOf, review);
  onCommand(commands.showFindings, async () => show(await pickReview(sidecar)));
  onFinding(commands.applyFix, apply);
  onFinding(commands.resolve, (shown) => decide(shown, 'resolved', l10n.t('The finding is resolved.')));
  onFinding(commands.dismiss, (shown) => decide(shown, 'dismissed', l10n.t('The finding is dismissed.')));
  onFinding(commands.markWrong, (shown) => decide(shown, 'wrong', l10n.t('The finding is counted as a false alarm.')));
  return disposables;
}

function progressText({ done, total, isChecking }: ReviewProgressParams): l10n.LocalizedText {
  return isChecking
    ? l10n.t('checked {0} of {1} findings', String(done), String(total))
    : l10n.t('part {0} of {1}', String(done + 1), String(total));
}

function limits({ isOverBudget, omitted }: ReviewView): l10n.LocalizedText[] {
  const limited = omitted.filter(({ isLimit }) => isLimit);
  return [
    ...(isOverBudget
      ? [l10n.t('The review reached its budget, so some requests were not sent. Increase budget_usd_per_review in Plue’s settings.')]
      : []),
    ...(limited.length > 0
      ? [
          l10n.t(
            'Not reviewed: {0}. The log has the reasons.',
            limited
              .slice(0, 3)
              .map(({ path }) => path)
              .join(', ') + (limited.length > 3 ? '…' : ''),
          ),
        ]
      : []),
  ];
}

/** Returns "3 findings, 2 refuted, $0.02", with the rate of false alarms of all reviews if it is known. */
function summary({ findings, figures, cost, hasUnknownCost }: ReviewView, all: ReviewFigures): l10n.LocalizedText {
  const count = findings.length === 1 ? l10n.t('1 finding') : l10n.t('{0} findings', findings.length);
  const price = cost === 0 && hasUnknownCost ? costNotAvailable : atLeast(formatCost(cost), hasUnknownCost);
  return all.falseAlarmRate === undefined
    ? l10n.t('{0}, {1} refuted, {2}', count, figures.refuted, price)
    : l10n.t('{0}, {1} refuted, {2}. False alarms so far: {3} %', count, figures.refuted, price, Math.round(all.falseAlarmRate * 100));
}

async function pickReview(sidecar: Sidecar): Promise<ReviewView> {
  const { reviews, figures } = await sidecar.request(reviewList, {});
  const rows = reviews
    .filter((review) => review.figures.open > 0)
    .map((review) => ({
      label: review.description,
      description: l10n.t('{0} open', review.figures.open),
      detail: `${formatTime(review.createdAt)} · ${review.model}`,
      review,
    }));
  if (rows.length === 0) throw new FailureError('notFound', l10n.t('No open findings. Run Plue: Review Changes of… first.'));
  const rate = figures.falseAlarmRate;
  const title =
    rate === undefined ? l10n.t('Show Review Findings') : l10n.t('Show Review Findings (false alarms: {0} %)', Math.round(rate * 100));
  const chosen = await showQuickPick(rows, { title });
  if (chosen === undefined) throw new UserCancelledError();
  return chosen.review;
}
