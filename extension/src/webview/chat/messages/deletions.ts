// What was deleted here: gone from the page at once, and back when that was undone or failed.
import type { MessageView } from '../../../protocol/protocol.generated';

interface Deletion {
  index: number;
  /** With a question all goes that follows it. */
  takesRest: boolean;
  /** The chat has it no more, or was not deleted: what comes next from the sidecar says it all. */
  isSettled: boolean;
}

export class Deletions {
  private readonly all = new Map<string, Deletion>();

  add(message: MessageView, index: number): void {
    this.all.set(message.id, { index, takesRest: message.role === 'user', isSettled: false });
  }

  undo(messageId: string): void {
    this.all.delete(messageId);
  }

  /** @param isCurrent The page knows already how the chat is without it. */
  settle(messageId: string, isCurrent: boolean): void {
    const deletion = this.all.get(messageId);
    if (isCurrent) this.all.delete(messageId);
    else if (deletion !== undefined) deletion.isSettled = true;
  }

  /** The whole chat came anew. */
  renew(): void {
    for (const [messageId, { isSettled }] of this.all) if (isSettled) this.all.delete(messageId);
  }

  hides(messageId: string, index: number): boolean {
    return this.all.has(messageId) || [...this.all.values()].some((deletion) => deletion.takesRest && index >= deletion.index);
  }
}
