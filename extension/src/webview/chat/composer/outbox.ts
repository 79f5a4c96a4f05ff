// A sent message that is not confirmed as stored. It is restored to the draft if no confirmation arrives.
import * as l10n from '@vscode/l10n';
import type { Attachment, MessageView } from '../../../protocol/protocol.generated';
import type { ViewError } from '../../../common/messages/viewError';
import { textOf } from '../messages/message';
import type { ChatState } from '../state/chatState';
import type { Unstored } from '../../../common/messages/savedState';

/** Timeout in milliseconds for the sidecar to confirm a stored message. */
export const storeTimeout = 30_000;

export interface OutboxActions {
  giveBack(text: string, attachments?: readonly Attachment[]): void;
  /** The restored message was stored after all. */
  restoreDraft(text: string): void;
  timedOut(error: ViewError): void;
  changed(): void;
}

export class Outbox {
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @param unstored From before a reload of the page. */
  constructor(
    private readonly actions: OutboxActions,
    private unstored: Unstored | undefined,
  ) {}

  get message(): Unstored | undefined {
    return this.unstored;
  }

  /** True if a sent message is expected to arrive. */
  get isSending(): boolean {
    return this.unstored?.isBack === false && this.timer !== undefined;
  }

  /** @param after The last message. */
  sent(text: string, attachments: Attachment[], after: string | undefined): void {
    this.unstored = { text, attachments, ...(after === undefined ? {} : { after }), isBack: false };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.timeOut(), storeTimeout);
    this.actions.changed();
  }

  /** Keeps the message until it is stored, to remove it from the draft if needed. */
  giveBack(): void {
    if (this.unstored === undefined || this.unstored.isBack) return;
    this.unstored = { ...this.unstored, isBack: true };
    this.actions.giveBack(this.unstored.text);
    this.actions.changed();
  }

  /** The host rejected this text, which is restored to the draft. */
  refused(text: string): void {
    if (text === this.unstored?.text) this.forget();
    this.actions.giveBack(text);
  }

  stored(text: string): void {
    if (text === this.unstored?.text) this.confirm();
  }

  /** Finds the message in the chat. */
  confirmIn(chat: ChatState): void {
    if (this.unstored !== undefined && isStored(this.unstored, chat)) this.confirm();
  }

  /** After a reload or a restart of the sidecar, a sent message is in the chat or restored to the draft. */
  settle(chat: ChatState): void {
    const { unstored } = this;
    if (unstored === undefined) return;
    if (isStored(unstored, chat)) this.confirm();
    else if (this.timer === undefined) {
      if (!unstored.isBack) this.actions.giveBack(unstored.text, unstored.attachments);
      this.forget();
    }
  }

  private timeOut(): void {
    if (this.unstored === undefined || this.unstored.isBack) return;
    this.giveBack();
    const message = l10n.t(
      'Plue did not confirm within {0} seconds that your message was stored. The message is back in the composer. If this continues, restart Plue.',
      storeTimeout / 1000,
    );
    this.actions.timedOut({ kind: 'sidecarStopped', message });
  }

  private confirm(): void {
    const { unstored } = this;
    this.forget();
    if (unstored?.isBack === true) this.actions.restoreDraft(unstored.text);
  }

  private forget(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.unstored = undefined;
    this.actions.changed();
  }
}

/** True if the message is queued or follows the message that was last when it was sent. */
function isStored({ text, after }: Unstored, { messages, queue }: ChatState): boolean {
  const from = messages.findIndex(({ id }) => id === after) + 1;
  const isIt = (message: MessageView): boolean => message.role === 'user' && textOf(message) === text;
  return queue.some((queued) => queued.text === text) || messages.slice(from).some(isIt);
}
