// Services for all views of the chat webview.
import type { Attachment, ModelChoice } from '../../../protocol/protocol.generated';
import type { HelpAction } from '../../../common/messages/chat';
import type { ModelLists } from '../../shared/modelLists';
import type { Panel } from '../../shared/panel';
import type { Blobs } from '../messages/blobs';
import type { ChatStore } from './chatStore';

export interface ChatContext {
  readonly codexId: string;
  readonly panel: Panel;
  readonly store: ChatStore;
  readonly lists: ModelLists;
  readonly blobs: Blobs;
  readonly actions: ChatActions;
  /** Aborted when the page shows another chat. Ends listeners of the document. */
  readonly closed: AbortSignal;
}

/** Actions of one view that other views use. */
export interface ChatActions {
  /** Announces text to screen readers. */
  announce(text: string): void;
  redraw(): void;
  /** Stores draft and scroll position for a reload of the page. */
  save(): void;
  saveSoon(): void;
  /** Keeps a sent message until it is confirmed as stored. */
  sent(text: string, attachments?: Attachment[]): void;
  stop(): void;
  retry(messageId: string, isContinued: boolean): void;
  help(action: HelpAction, providerId?: string): void;
  focusComposer(): void;
  setDraft(text: string): void;
  openPicker(): void;
  /** Asks the user for the model of one response. */
  askForModel(choose: (choice: ModelChoice) => void): void;
  openFind(): void;
  followEnd(): void;
  rename(): void;
  offerUndo(text: string, undo: () => void): void;
}
