// Deleted messages are hidden immediately, and shown again if the deletion is undone or fails.
import type { MessageView } from '../../../protocol/protocol.generated';

interface Deletion {
  index: number;
  /** Deleting a question also deletes everything after it. */
  includesFollowing: boolean;
  /** True after the deletion succeeded or failed: the sidecar's next update is then authoritative. */
  isSettled: boolean;
}

export class Deletions {
  private readonly all = new Map<string, Deletion>();

  add(message: MessageView, index: number): void {
    this.all.set(message.id, { index, includesFollowing: message.role === 'user', isSettled: false });
  }

  undo(messageId: string): void {
    this.all.delete(messageId);
  }

  /** @param isCurrent True if the webview already has the chat without the message. */
  settle(messageId: string, isCurrent: boolean): void {
    const deletion = this.all.get(messageId);
    if (isCurrent) this.all.delete(messageId);
    else if (deletion !== undefined) deletion.isSettled = true;
  }

  /** Call when the whole chat was reloaded. */
  renew(): void {
    for (const [messageId, { isSettled }] of this.all) if (isSettled) this.all.delete(messageId);
  }

  hides(messageId: string, index: number): boolean {
    return this.all.has(messageId) || [...this.all.values()].some((deletion) => deletion.includesFollowing && index >= deletion.index);
  }
}
