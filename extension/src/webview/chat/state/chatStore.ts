// Holds the state of the chat webview. Views read the state; only the store replaces it.
import type {
  ApprovalView,
  BackgroundCommandView,
  ChangedFileView,
  CodexGetResult,
  MessageContextResult,
  MessageEventParams,
  MessageInstructionsResult,
  ProviderSummary,
  SessionOptionView,
  TaskDetail,
  TaskView,
} from '../../../protocol/protocol.generated';
import type { ChosenAgent, TemplateName } from '../../../common/messages/chat';
import type { SidecarState, ViewError } from '../../../common/messages/viewError';
import { type ChatState, fromSnapshot, reduce, withoutEarliest } from './chatState';
import { chosenProvider, type KnownChoices } from './chosenModel';

/** Maximum number of events to keep while a snapshot is pending. */
const maxRecentEvents = 5000;

/** Maximum number of messages in a chat that follows its end; earlier ones are dropped. */
const maxMessagesAtEnd = 400;
const messagesKeptAtEnd = 200;

export interface ChatModel {
  /** Undefined until the first snapshot. */
  chat?: ChatState;
  providers: ProviderSummary[];
  /** True if agents can read a folder. */
  hasFolder: boolean;
  choices: KnownChoices;
  templates: readonly TemplateName[];
  sidecar: { state: SidecarState; cause?: string };
  isHostLost: boolean;
  /** True while a sent message is expected to arrive. */
  isSending: boolean;
  /** Why the last request was refused. */
  refusal?: ViewError | undefined;
  instructions?: MessageInstructionsResult;
  /** The next message with its context, if measured. */
  context?: MessageContextResult | undefined;
  /** Cost limit of the chat in USD. */
  costLimit?: number | undefined;
  approvals: readonly ApprovalView[];
  children: readonly TaskView[];
  /**
   * Files changed by the chat or its subtasks that the user has neither kept nor undone. Undefined until received; until then any change counts as one of them.
   */
  underReview?: readonly ChangedFileView[];
  backgroundCommands: readonly BackgroundCommandView[];
  /** Of the agent that responds in the chat. */
  sessionOptions?: readonly SessionOptionView[];
  /** Whether a task of this window can have a git worktree; undefined until known. */
  canUseWorktree?: boolean;
  /** For tasks only. */
  task?: TaskDetail | undefined;
  /** The next message starts a task from this template. */
  agent?: ChosenAgent | undefined;
}

/** A view that renders the state. */
export interface ChatView {
  show(model: ChatModel): void;
}

export class ChatStore {
  model: ChatModel = {
    providers: [],
    hasFolder: false,
    choices: { recent: [] },
    templates: [],
    sidecar: { state: 'running' },
    isHostLost: false,
    isSending: false,
    approvals: [],
    backgroundCommands: [],
    children: [],
  };

  /** Recent events, because a snapshot can arrive after events that it does not contain. */
  private recent: MessageEventParams[] = [];

  constructor(private readonly changed: () => void) {}

  get provider(): ProviderSummary | undefined {
    return chosenProvider(this.model.chat?.codex, this.model.providers);
  }

  update(change: Partial<ChatModel>): void {
    this.model = { ...this.model, ...change };
    this.changed();
  }

  updateChat(change: Partial<ChatState>): void {
    const { chat } = this.model;
    this.update(chat === undefined ? {} : { chat: { ...chat, ...change } });
  }

  updateSidecar(sidecar: ChatModel['sidecar']): void {
    // A new process starts to number events from the beginning.
    if (sidecar.state !== 'running') this.recent = [];
    this.update({ sidecar });
  }

  applySnapshot(snapshot: CodexGetResult, providers: ProviderSummary[], hasFolder: boolean): void {
    let chat = fromSnapshot(snapshot, this.model.chat);
    const { lastSeq } = chat;
    this.recent = this.recent.filter(({ seq }) => seq > lastSeq);
    for (const params of this.recent) chat = reduce(chat, params, Date.now());
    this.update({ chat, providers, hasFolder });
  }

  /** @param followsEnd True if earlier messages can be dropped. @returns True if events were missed and a snapshot is needed. */
  applyEvent(params: MessageEventParams, followsEnd: boolean): boolean {
    this.recent.push(params);
    if (this.recent.length > maxRecentEvents) this.recent.splice(0, maxRecentEvents / 2);
    const { chat: before } = this.model;
    const change: Partial<ChatModel> = params.event.kind === 'turnStarted' ? { refusal: undefined } : {};
    if (before === undefined) {
      this.update(change);
      return false;
    }
    const chat = reduce(before, params, Date.now());
    const isLong = chat.messages.length > maxMessagesAtEnd && followsEnd;
    this.update({ ...change, chat: isLong ? withoutEarliest(chat, messagesKeptAtEnd) : chat });
    return chat.missedEvents && !before.missedEvents;
  }
}

/** True if the sidecar can respond. */
export function canAnswer({ sidecar, isHostLost }: ChatModel): boolean {
  return sidecar.state === 'running' && !isHostLost;
}

export function isChatEmpty({ messages, offset }: ChatState): boolean {
  return messages.length + offset === 0;
}
