import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import type { FailureError } from '../../infrastructure/errors';

/** Failures that last until the user fixes them. */
const lasting: readonly string[] = [
  'providerAuthFailed',
  'providerDisabled',
  'notFound',
  'modelNotFound',
  'badRequest',
  'missingField',
  'spendLimit',
  'budgetExceeded',
  'vaultLocked',
  'vaultOlder',
  'keyNotBoundToOrigin',
  'permissionDenied',
];

const failuresBeforePause = 3;
const pauseAfterFailures = 5 * 60_000;

/** Whether completions are running, paused after failures, snoozed by the user, or waiting for a model. */
export class Activity implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<void>());
  private readonly running = new Set<symbol>();
  private failures = 0;
  /** The last document that was not sent. */
  private exclusion: { document: string; reason: string } | undefined;
  private timer: NodeJS.Timeout | undefined;

  readonly onDidChange = this.changed.event;
  /** The last failure; undefined after a success. */
  failure: FailureError | undefined;
  /** The known cost of today's completions, in USD. */
  spentToday: number | undefined;
  /** In milliseconds since the epoch; undefined until the user resumes. */
  private pausedUntil: number | undefined;
  private pause: 'snoozed' | 'failed' | undefined;

  get isRunning(): boolean {
    return this.running.size > 0;
  }

  get state(): 'ready' | 'snoozed' | 'failed' {
    return this.pause ?? 'ready';
  }

  /** The end of a pause; undefined if there is none. */
  get until(): Date | undefined {
    return this.pausedUntil === undefined ? undefined : new Date(this.pausedUntil);
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    const one = Symbol('request');
    this.running.add(one);
    this.changed.fire();
    try {
      return await task();
    } finally {
      this.running.delete(one);
      this.changed.fire();
    }
  }

  /** Returns the reason why a document was not sent. @param document Its address. */
  excluded(document: string): string | undefined {
    return this.exclusion?.document === document ? this.exclusion.reason : undefined;
  }

  /** @param excluded The reason why the document was not sent. */
  succeeded(spentToday: number, document: string, excluded: string | undefined): void {
    this.failures = 0;
    this.failure = undefined;
    this.exclusion = excluded === undefined ? undefined : { document, reason: excluded };
    this.spentToday = spentToday;
    this.changed.fire();
  }

  failed(failure: FailureError): void {
    this.failures++;
    this.failure = failure;
    if (lasting.includes(failure.kind)) this.stop('failed', undefined);
    else if (failure.retryAfterMs !== undefined || this.failures >= failuresBeforePause)
      this.stop('failed', Math.max(failure.retryAfterMs ?? 0, this.failures >= failuresBeforePause ? pauseAfterFailures : 0));
    else this.changed.fire();
  }

  snooze(milliseconds: number): void {
    this.stop('snoozed', milliseconds);
  }

  /** Ends a pause. */
  resume(): void {
    clearTimeout(this.timer);
    this.failures = 0;
    this.pause = this.pausedUntil = this.failure = undefined;
    this.changed.fire();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.disposables.dispose();
  }

  private stop(why: 'snoozed' | 'failed', milliseconds: number | undefined): void {
    clearTimeout(this.timer);
    this.pause = why;
    this.pausedUntil = milliseconds === undefined ? undefined : Date.now() + milliseconds;
    if (milliseconds !== undefined) this.timer = setTimeout(() => this.resume(), milliseconds);
    this.changed.fire();
  }
}
