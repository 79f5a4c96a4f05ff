// The messages of the chat, the content below them, and the find bar.
import * as l10n from '@vscode/l10n';
import { isTask } from '../../../common/isTask';
import type { MessageView } from '../../../protocol/protocol.generated';
import type { MessagesToPage } from '../../../common/messages/chatMessages';
import type { Handlers } from '../../../common/handlers';
import { element } from '../../shared/element';
import { FindBar } from '../find/findBar';
import type { ChatContext } from '../state/chatContext';
import { type ChatState, isRunning } from '../state/chatState';
import { type ChatModel, type ChatView, isChatEmpty } from '../state/chatStore';
import type { Place } from '../../../common/messages/savedState';
import { ActivityLine } from './activityLine';
import { Deletions } from './deletions';
import { EmptyChat } from './emptyChat';
import { failureLine } from './failure';
import { previousInstructions, instructionsChange } from './instructionsChange';
import { messageActions } from './messageActions';
import { textOf, type MessageContext } from './message';
import { MessageList, type FromList } from './messageList';
import { MessagePages } from './messagePages';
import { nextQuestion } from './questions';
import { remedies } from './remedies';
import { roundsOf } from './rounds';
import { childrenOfCalls } from './spawned';
import { TaskResult } from './taskResult';
import { TaskWorktree } from './taskWorktree';
import { changedPaths } from './toolCall';

interface Scroll {
  /** Null while following the end. */
  place: Place | null;
  isRestored: boolean;
  /** A message to show once the chat is rendered. */
  target: { index: number; messageId: string } | undefined;
}

export class MessagesView implements ChatView {
  readonly find: FindBar;
  readonly pages: MessagePages;
  private readonly deletions = new Deletions();
  private readonly list: MessageList;
  private readonly loading = element('p', { class: 'loading' }, l10n.t('Loading…'));
  private readonly turnFailure = element('div', { class: 'turn-failure' });
  private readonly activity: ActivityLine;
  private readonly empty: EmptyChat;
  private readonly result: TaskResult;
  private readonly worktree: TaskWorktree;
  private readonly scroll: Scroll;

  /** @param place Scroll position before a reload; null follows the end. */
  constructor(
    private readonly context: ChatContext,
    place: Place | null,
  ) {
    this.scroll = { place, isRestored: false, target: undefined };
    const { panel, actions } = context;
    this.pages = new MessagePages((offset, limit, generation) => panel.post({ type: 'list', offset, limit, generation }));
    this.activity = new ActivityLine(() => actions.stop());
    this.empty = new EmptyChat({
      suggest: (question) => {
        actions.setDraft(question);
        actions.focusComposer();
      },
      pick: () => actions.openPicker(),
      connect: (card) => panel.post({ type: 'connect', card }),
      add: () => actions.help('addProvider'),
      takeTour: () => actions.help('takeTour'),
    });
    const messages = messageActions(context, this);
    this.result = new TaskResult(messages.edits, messages);
    this.worktree = new TaskWorktree((command) => context.panel.post({ type: 'taskCommand', command }));
    this.list = new MessageList({
      actions: messages,
      pages: this.pages,
      after: [this.loading, this.empty.node, this.turnFailure, this.activity.node, this.result.node, this.worktree.node],
      onPlace: (place) => this.moved(place),
      contextOf: (chat, message, index) => this.contextOf(chat, message, index),
      isHidden: (messageId, index) => this.deletions.hides(messageId, index),
      onDrawn: () => this.find.mark(),
    });
    this.find = this.createFindBar();
    this.list.node.append(this.find.node);
  }

  readonly handlers: Handlers<MessagesToPage, void> = {
    range: ({ offset, messages, generation }) => {
      if (this.pages.take(offset, messages, generation)) this.context.actions.redraw();
    },
    found: ({ text, matches, isTruncated }) => this.find.show(text, matches, isTruncated),
    jump: (target) => {
      this.scroll.target = target;
      this.context.actions.redraw();
    },
    deletionSettled: ({ messageId }) => {
      this.deletions.settle(messageId, this.context.store.model.chat?.missedEvents !== true);
      this.context.actions.redraw();
    },
    blob: ({ blob, mediaType, data }) => this.context.blobs.take(blob, mediaType, data),
    find: () => this.find.open(),
  };

  get node(): HTMLElement {
    return this.list.node;
  }

  /** The scroll position; null while following the end. */
  get place(): Place | null {
    return this.scroll.place;
  }

  /** Call after a new snapshot was received. */
  reset(): void {
    this.pages.renew();
    this.deletions.renew();
    this.find.refresh();
  }

  show(model: ChatModel): void {
    const { chat, sidecar, refusal, providers, hasFolder, isSending } = model;
    this.loading.hidden = chat !== undefined || sidecar.state === 'stopped' || refusal !== undefined;
    this.loading.textContent = sidecar.state === 'starting' ? l10n.t('Starting Plue…') : l10n.t('Loading…');
    if (chat === undefined) return;
    // A task shows its goal.
    if (isChatEmpty(chat) && !isTask(chat.codex) && !isRunning(chat) && !isSending && chat.ending?.error === undefined)
      this.empty.show(chat.codex, providers, hasFolder);
    else this.empty.hide();
    this.showTurnFailure(chat);
    this.activity.show(chat, isSending);
    const task = isRunning(chat) ? undefined : model.task;
    this.worktree.show(task);
    this.result.show(
      task,
      model.underReview?.map(({ path }) => path),
    );
    this.list.show(chat);
    if (!this.scroll.isRestored) {
      this.list.restore(this.scroll.place);
      this.scroll.isRestored = true;
    }
    const { target } = this.scroll;
    this.scroll.target = undefined;
    if (target !== undefined) this.goTo(target.index, target.messageId);
  }

  get isLoading(): boolean {
    return !this.loading.hidden;
  }

  followEnd(): void {
    this.list.followEnd();
  }

  /** @param backwards True for the previous question. */
  jump(backwards: boolean): void {
    const index = this.list.firstInView;
    const found = nextQuestion(this.list, index, backwards);
    if (found === 'unknown') this.context.panel.post({ type: 'nextQuestion', index, backwards });
    else if (found !== undefined) this.goTo(found.index, found.id);
    else if (!backwards) this.list.followEnd();
  }

  /** Hides a message immediately; the host deletes it unless the user selects Undo. */
  remove(messageId: string, before: readonly string[]): void {
    const { panel, actions } = this.context;
    const index = this.list.indexOf(messageId);
    const message = this.list.messageAt(index);
    if (message === undefined) return;
    // A response is deleted with its rounds, last one first.
    const removed = [messageId, ...[...before].reverse()];
    for (const id of removed) {
      const at = this.list.indexOf(id);
      const round = this.list.messageAt(at);
      if (round === undefined) continue;
      this.deletions.add(round, at);
      panel.post({ type: 'delete', messageId: id });
    }
    const undo = (): void => {
      for (const id of removed) {
        this.deletions.undo(id);
        panel.post({ type: 'undelete', messageId: id });
      }
      actions.redraw();
    };
    const includesFollowing = message.role === 'user' && index < this.list.total - 1;
    actions.offerUndo(includesFollowing ? l10n.t('Deleted the message and everything after it.') : l10n.t('Deleted.'), undo);
    actions.announce(
      includesFollowing
        ? l10n.t('Deleted the message and everything after it. Select Undo above the composer to restore them.')
        : l10n.t('Deleted. Select Undo above the composer to restore.'),
    );
    actions.redraw();
  }

  /** Returns the text of a response including its earlier rounds. */
  wholeText(messageId: string): string {
    const index = this.list.indexOf(messageId);
    const { before } = roundsOf(index, (at) => this.list.messageAt(at));
    const messages = [...before.map((id) => this.list.indexOf(id)), index].map((at) => this.list.messageAt(at));
    return messages
      .flatMap((message) => (message === undefined ? [] : [textOf(message)]))
      .filter((text) => text !== '')
      .join('\n\n');
  }

  private createFindBar(): FindBar {
    const { panel, actions } = this.context;
    return new FindBar({
      ask: (text) => panel.post({ type: 'find', text }),
      goTo: (index, messageId, act) => this.list.goTo(index, messageId, act),
      reveal: (rect) => this.list.reveal(rect),
      firstInView: () => this.list.firstInView,
      drawn: () => this.list.drawn,
      leave: () => actions.focusComposer(),
      announce: (words) => actions.announce(words),
    });
  }

  private goTo(index: number, messageId: string): void {
    this.list.goTo(index, messageId, (article) => article.focus({ preventScroll: true }));
  }

  private moved(place: Place | null): void {
    if (!this.scroll.isRestored) return;
    this.scroll.place = place;
    this.context.actions.saveSoon();
  }

  /** Shows an error that belongs to no message below the question that has no response. */
  private showTurnFailure(chat: ChatState): void {
    const { provider } = this.context.store;
    const last = chat.messages.at(-1);
    const error = last?.role === 'assistant' && last.status === 'failed' ? undefined : chat.ending?.error;
    const key = JSON.stringify([error, last?.id, provider?.kind]);
    if (this.turnFailure.dataset['shown'] === key) return;
    this.turnFailure.dataset['shown'] = key;
    const fix = remedies(this.context, undefined, last?.id, last?.stopReason === 'toolUse');
    this.turnFailure.replaceChildren(...(error === undefined ? [] : [failureLine(error, provider, fix, last !== undefined)]));
  }

  private contextOf(chat: ChatState, message: MessageView, index: number): Omit<MessageContext, FromList> {
    const { providers, approvals, children, underReview } = this.context.store.model;
    const isLast = chat.messages.at(-1)?.id === message.id;
    const running = isRunning(chat);
    const providerId = message.providerInfo?.providerId;
    return {
      timing: chat.timings.get(message.id),
      canContinue: isLast && !running && chat.readOnlyReason === undefined,
      canChange: !running && chat.readOnlyReason === undefined,
      isRunning: running && (isLast || message === chat.messages.findLast(({ role }) => role === 'assistant')),
      provider: providers.find(({ id }) => id === providerId),
      instructionsChange: this.instructionsChange(message, index),
      asking: approvals.flatMap(({ toolUseId }) => (toolUseId === undefined ? [] : [toolUseId])),
      children: childrenOfCalls(message, children, chat.outputs),
      underReview: changedPaths(message).filter((path) => underReview?.some((file) => file.path === path) ?? true),
      rounds: roundsOf(index, (at) => this.list.messageAt(at)),
      note: isLast && message.role === 'assistant' ? endingNote(chat) : undefined,
    };
  }

  private instructionsChange({ instructions }: MessageView, index: number): string | undefined {
    if (instructions === undefined) return undefined;
    const before = previousInstructions(index, (at) => this.list.messageAt(at));
    return before === undefined ? undefined : instructionsChange(before, instructions);
  }
}

function endingNote(chat: ChatState): string | undefined {
  switch (chat.ending?.stopReason) {
    case 'maxTokens':
      return l10n.t('The response reached the output limit.');
    case 'refusal':
      return l10n.t('The model declined to continue.');
    case 'contextFull':
      return l10n.t('The chat no longer fits the model’s context window.');
    default:
      return undefined;
  }
}
