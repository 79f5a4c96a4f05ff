// Shows hooks of a chat's template that failed. The sidecar sends no notification for them, so the chat is read again when it has settled after a change.
import type * as vscode from 'vscode';
import { toFailureError } from '../../infrastructure/errors';
import { codexGet, type HookFailureView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

/** Milliseconds without a change before the chat is read. */
const settleTime = 300;

export class HookFailures implements vscode.Disposable {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isShown = false;

  constructor(
    private readonly codexId: string,
    private readonly services: { sidecar: Sidecar; log: vscode.LogOutputChannel },
    private readonly show: (failures: HookFailureView[]) => void,
  ) {}

  /** @param failures Failures that the webview got with the chat. */
  reset(failures: readonly HookFailureView[] = []): void {
    this.isShown = failures.length > 0;
  }

  refreshSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), settleTime);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private async refresh(): Promise<void> {
    const { sidecar, log } = this.services;
    try {
      const { hookFailures = [] } = await sidecar.request(codexGet, { uri: this.codexId, limit: 1 });
      if (hookFailures.length === 0 && !this.isShown) return;
      this.isShown = hookFailures.length > 0;
      this.show(hookFailures);
    } catch (error) {
      log.warn(`The hooks of ${this.codexId} could not be read: ${toFailureError(error).message}`);
    }
  }
}
