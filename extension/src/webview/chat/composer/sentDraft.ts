import type { AttachedFile } from './attachedFiles';

export interface Draft {
  /** The message as it was sent, with the attached texts. */
  text: string;
  draft: string;
  files: readonly AttachedFile[];
}

/** The draft of the last sent message. It is restored if the message is rejected. */
export class SentDraft {
  private last: Draft | undefined;
  private restored: Draft | undefined;

  keep(draft: Draft): void {
    this.last = draft;
  }

  /** Undefined for the text of another message. */
  restore(text: string): Draft | undefined {
    const { last } = this;
    this.last = undefined;
    if (last?.text !== text) return undefined;
    return (this.restored = last);
  }

  /** The restored draft of a message that was stored after all. */
  restoredOf(text: string): string {
    return this.restored?.text === text ? this.restored.draft : text;
  }
}
