import * as vscode from 'vscode';
import { Disposables } from '../infrastructure/disposables';
import { openAddress } from '../infrastructure/addresses';
import { FailureError, toFailureError } from '../infrastructure/errors';
import * as l10n from '../infrastructure/localizedText';
import type { Log } from '../infrastructure/logging';
import { approvalAnswer, approvalList } from '../protocol/protocol.generated';
import type { ApprovalAnswerParams, ApprovalView } from '../protocol/protocol.generated';
import type { Sidecar } from './client';

/** Pending approvals, oldest first, for the view, the chats, and the badge. */
export class ApprovalList implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<readonly ApprovalView[]>();
  private readonly disposables = new Disposables();
  /** Number of events, used to discard a list that is older than an event. */
  private eventCount = 0;

  /** Empty until the first response; `failure` has the reason if loading failed. */
  items: readonly ApprovalView[] = [];
  isKnown = false;
  failure: string | undefined;
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly sidecar: Sidecar,
    private readonly log: Pick<Log, 'warn'>,
  ) {
    this.disposables.add(this.changed);
    this.disposables.add(sidecar.onDidStart(() => void this.refresh()));
    this.disposables.add(
      sidecar.onApprovalChanged(({ approvals }) => {
        this.eventCount++;
        this.show(approvals);
      }),
    );
    // Approvals end with the process that requested them.
    this.disposables.add(sidecar.onDidChangeState(({ state }) => state !== 'running' && this.show([])));
  }

  /** Does not throw; sets `failure`. */
  async refresh(): Promise<void> {
    const before = this.eventCount;
    try {
      const { approvals } = await this.sidecar.request(approvalList, {});
      if (before === this.eventCount) this.show(approvals);
    } catch (error) {
      this.failure = toFailureError(error).message;
      this.log.warn(`The approvals could not be listed: ${this.failure}`);
      this.changed.fire(this.items);
    }
  }

  /** Opens the address of a question before answering it. */
  async answer(answer: ApprovalAnswerParams): Promise<void> {
    const url = answer.decision === 'deny' ? undefined : this.items.find(({ id }) => id === answer.id)?.question?.url;
    if (url !== undefined && !(await openAddress(url)))
      throw new FailureError('badRequest', l10n.t('The address was not opened, so the question is still pending.'));
    await this.sidecar.request(approvalAnswer, answer);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private show(approvals: readonly ApprovalView[]): void {
    this.items = approvals;
    this.isKnown = true;
    this.failure = undefined;
    this.changed.fire(approvals);
  }
}
