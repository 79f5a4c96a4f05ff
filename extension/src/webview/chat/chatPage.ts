// The chat webview: passes host messages to the store and user actions to the panel, and renders the store.
import * as l10n from '@vscode/l10n';
import type { Attachment } from '../../protocol/protocol.generated';
import { handle, type Handlers } from '../../common/handlers';
import { isTask } from '../../common/isTask';
import type { ToChatPage } from '../../common/messages/chat';
import { ModelLists } from '../shared/modelLists';
import type { Panel } from '../shared/panel';
import { Announcer } from './announcer';
import { FootView } from './composer/footView';
import { Outbox } from './composer/outbox';
import { BannersView } from './header/bannersView';
import { HeaderView } from './header/headerView';
import { Blobs } from './messages/blobs';
import { MessagesView } from './messages/messagesView';
import { isRunning } from './state/chatState';
import type { ChatActions, ChatContext } from './state/chatContext';
import { canAnswer, ChatStore, type ChatView } from './state/chatStore';
import { DrawLoop } from './state/drawLoop';
import type { SavedState } from '../../common/messages/savedState';
import { TaskPanel } from './task/taskPanel';

export class ChatPage {
  private readonly drawLoop = new DrawLoop(() => this.draw());
  private readonly announcer = new Announcer();
  private readonly context: ChatContext;
  private readonly outbox: Outbox;
  private readonly foot: FootView;
  private readonly header: HeaderView;
  private readonly messages: MessagesView;
  /** Only for tasks. A chat can become a task. */
  private task: TaskPanel | undefined;
  private readonly views: readonly ChatView[];
  private readonly handlers: Handlers<ToChatPage, void>;
  private saving: ReturnType<typeof setTimeout> | undefined;
  /** Aborted when the page shows another chat. */
  private readonly closed = new AbortController();

  constructor(
    private readonly root: HTMLElement,
    panel: Panel,
    readonly codexId: string,
    saved: SavedState | undefined,
  ) {
    const store = new ChatStore(() => this.drawLoop.schedule());
    const lists = new ModelLists((providerId) => panel.post({ type: 'listModels', providerId }));
    lists.onChange(() => this.foot.composer.hasImage && this.drawLoop.schedule());
    const blobs = new Blobs((blob) => panel.post({ type: 'readBlob', blob }));
    this.context = { panel, codexId, store, lists, blobs, actions: this.createActions(panel, store), closed: this.closed.signal };
    this.outbox = this.createOutbox(saved);
    this.foot = new FootView(root, this.context);
    this.header = new HeaderView(this.context);
    this.messages = new MessagesView(this.context, saved?.place ?? null);
    const banners = new BannersView(this.context);
    this.views = [banners, this.foot, this.header, this.taskView(), this.messages];
    this.handlers = { ...this.createHandlers(), ...this.messages.handlers, ...this.foot.composer.handlers };
    this.layOut(banners.node);
    root.addEventListener('click', (event) => this.clicked(event));
    root.addEventListener('auxclick', (event) => this.clicked(event));
    root.addEventListener('keydown', (event) => this.pressed(event));
    if (saved !== undefined) this.foot.composer.restore(saved.draft, saved.attachments ?? [], saved.texts ?? [], saved.editor);
    // VS Code restores a panel only if its state names its chat.
    else this.save();
    this.draw();
  }

  get hasChat(): boolean {
    return this.context.store.model.chat !== undefined;
  }

  /** False while a change waits for the next frame. */
  get isDrawn(): boolean {
    return !this.drawLoop.isPending;
  }

  /** The extension host stopped responding, or responds again. Earlier messages may be lost. */
  changeHost(isLost: boolean): void {
    this.context.store.update({ isHostLost: isLost });
    if (isLost) this.outbox.giveBack();
  }

  receive(message: ToChatPage): void {
    handle(this.handlers, message);
  }

  /** Ends everything that outlives the chat's elements. */
  dispose(): void {
    this.saveNow();
    this.closed.abort();
  }

  private createActions(panel: Panel, store: ChatStore): ChatActions {
    return {
      announce: (text) => this.announcer.announce(text),
      redraw: () => this.drawLoop.schedule(),
      save: () => this.save(),
      saveSoon: () => this.saveSoon(),
      sent: (text, attachments = []) => this.sent(text, attachments),
      stop: () => {
        const { chat } = store.model;
        if (chat !== undefined && isRunning(chat)) panel.post({ type: 'stop' });
      },
      retry: (messageId, isContinued) => {
        panel.post({ type: 'retry', messageId, ...(isContinued ? { continue: true } : {}) });
        this.messages.followEnd();
        this.foot.composer.focus();
      },
      help: (action, providerId) => panel.post({ type: 'help', action, ...(providerId === undefined ? {} : { providerId }) }),
      focusComposer: () => this.foot.composer.focus(),
      setDraft: (text) => this.foot.composer.setDraft(text),
      openPicker: () => this.foot.picker.open(),
      askForModel: (choose) => this.foot.picker.ask(choose),
      openFind: () => this.messages.find.open(),
      followEnd: () => this.messages.followEnd(),
      rename: () => this.header.rename(),
      offerUndo: (text, undo) => this.foot.offerUndo(text, undo),
    };
  }

  private createOutbox(saved: SavedState | undefined): Outbox {
    const { store } = this.context;
    return new Outbox(
      {
        giveBack: (text, attachments) => this.foot.composer.giveBack(text, attachments),
        restoreDraft: (text) => {
          this.foot.composer.restoreDraft(text);
          store.update({ refusal: undefined });
        },
        timedOut: (error) => {
          store.update({ refusal: error });
          this.announcer.announce(l10n.t('Error: {0}', error.message));
        },
        changed: () => {
          store.update({ isSending: this.outbox.isSending });
          this.save();
        },
      },
      saved?.unstored,
    );
  }

  private createTaskPanel(): TaskPanel {
    const { panel, codexId } = this.context;
    return new TaskPanel({
      open: (uri) => uri !== codexId && panel.post({ type: 'openCodex', uri }),
      run: (command) => panel.post({ type: 'taskCommand', command }),
      reload: () => panel.post({ type: 'reloadTask' }),
    });
  }

  private taskView(): ChatView {
    return {
      show: (model) => {
        const { chat, task } = model;
        if (chat !== undefined && task !== undefined)
          this.task?.show(task, chat.readOnlyReason === undefined && canAnswer(model), Date.now());
      },
    };
  }

  private layOut(banners: HTMLElement): void {
    const { header, messages, foot, announcer } = this;
    this.root.append(header.node, banners, messages.node, foot.node, announcer.node);
  }

  /** Adds the task panel when a chat becomes a task, and removes it when the task becomes a chat again. */
  private showKind(): void {
    const { store, codexId } = this.context;
    const isAgent = isTask(store.model.chat?.codex ?? { uri: codexId });
    if (isAgent === (this.task !== undefined)) return;
    this.task?.node.remove();
    this.task = isAgent ? this.createTaskPanel() : undefined;
    if (this.task === undefined) store.update({ task: undefined });
    else this.messages.node.before(this.task.node);
  }

  /** Creates handlers of messages about the whole chat. */
  private createHandlers() {
    const { store, lists } = this.context;
    return {
      snapshot: ({ chat, providers, hasFolder = false, pageOf = this.codexId }) => {
        // The page of another chat is about to replace this one.
        if (pageOf !== this.codexId) return;
        store.applySnapshot(chat, providers, hasFolder);
        this.messages.reset();
        const { chat: shown } = store.model;
        if (shown !== undefined) {
          this.announcer.follow(shown);
          this.outbox.settle(shown);
        }
        handle(this.foot.composer.handlers, { type: 'contextFiles', files: chat.contextFiles });
      },
      event: ({ params }) => this.applyEvent(params),
      providers: ({ providers }) => store.update({ providers }),
      models: ({ providerId, models, error }) => lists.show(providerId, models, error),
      choices: ({ recent, large, small }) =>
        store.update({ choices: { recent, ...(large === undefined ? {} : { large }), ...(small === undefined ? {} : { small }) } }),
      codex: ({ codex }) => store.updateChat({ codex }),
      templates: ({ templates }) => store.update({ templates }),
      agent: ({ agent }) => {
        store.update({ agent });
        this.foot.composer.focus();
      },
      stored: ({ text }) => this.outbox.stored(text),
      refused: ({ text, error }) => {
        store.update({ refusal: error });
        if (text !== undefined) this.outbox.refused(text);
        this.announcer.announce(l10n.t('Error: {0}', error.message));
        this.foot.askAgain();
      },
      sidecar: ({ state, cause }) => {
        store.updateSidecar({ state, ...(cause === undefined ? {} : { cause }) });
        if (state === 'stopped') this.outbox.giveBack();
      },
      context: ({ context, costLimit }) => store.update({ context, costLimit }),
      approvals: ({ approvals }) => store.update({ approvals }),
      children: ({ tasks }) => store.update({ children: tasks }),
      backgroundCommands: ({ commands }) => store.update({ backgroundCommands: commands }),
      underReview: ({ files }) => store.update({ underReview: files }),
      sessionOptions: ({ options }) => store.update({ sessionOptions: options }),
      worktreeChecked: ({ isPossible }) => store.update({ canUseWorktree: isPossible }),
      task: ({ detail }) => store.update({ task: detail }),
      taskFailed: ({ message }) => this.task?.fail(message),
      // Handled by main.ts, which replaces this page.
      openChat: () => undefined,
      focusComposer: () => this.foot.composer.focus(),
      instructions: ({ instructions }) => store.update({ instructions }),
    } satisfies Partial<Handlers<ToChatPage, void>>;
  }

  private applyEvent(params: Extract<ToChatPage, { type: 'event' }>['params']): void {
    const { store, panel } = this.context;
    const hasMissedEvents = store.applyEvent(params, this.messages.place === null);
    const { chat } = store.model;
    if (chat === undefined) return;
    if (hasMissedEvents) panel.post({ type: 'ready', codexId: this.context.codexId });
    this.outbox.confirmIn(chat);
    if (params.event.kind === 'messageFinished') this.messages.find.refresh();
    this.announcer.follow(chat);
  }

  private sent(text: string, attachments: Attachment[]): void {
    const { store } = this.context;
    this.outbox.sent(text, attachments, store.model.chat?.messages.at(-1)?.id);
    store.update({ refusal: undefined });
    this.foot.hideUndo();
    this.messages.followEnd();
  }

  /** Links have no href; clicks must not reach the editor's own handler. */
  private clicked(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>('a') : null;
    if (link === null) return;
    event.preventDefault();
    event.stopPropagation();
    const href = link.dataset['href'];
    if (event.type === 'click' && href !== undefined) this.context.panel.post({ type: 'openLink', href });
  }

  private pressed(event: KeyboardEvent): void {
    const { actions, store } = this.context;
    const { chat } = store.model;
    if (event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key === 'f') {
      actions.openFind();
    } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      this.messages.jump(event.key === 'ArrowUp');
    } else if (event.key === 'Enter' && event.target instanceof HTMLAnchorElement) {
      event.target.click();
    } else if (event.key === 'Escape' && chat !== undefined && isRunning(chat)) {
      actions.stop();
    } else if (event.key === 'F2') {
      actions.rename();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** Saves immediately, because another webview may show the chat next. */
  saveNow(): void {
    if (this.saving === undefined) return;
    clearTimeout(this.saving);
    this.saving = undefined;
    this.save();
  }

  private save(): void {
    const { panel, codexId } = this.context;
    const { draft, attachments, texts, editor } = this.foot.composer.saved;
    const files = attachments.length === 0 ? {} : { attachments };
    const unstored = this.outbox.message === undefined ? {} : { unstored: this.outbox.message };
    panel.setState({
      codexId,
      draft,
      ...files,
      ...(texts.length === 0 ? {} : { texts }),
      ...unstored,
      ...(editor === undefined ? {} : { editor }),
      place: this.messages.place,
    } satisfies SavedState);
  }

  private saveSoon(): void {
    this.saving ??= setTimeout(() => {
      this.saving = undefined;
      this.save();
    }, 150);
  }

  private draw(): void {
    this.showKind();
    const { model } = this.context.store;
    for (const view of this.views) view.show(model);
    this.root.setAttribute('aria-busy', String(model.chat === undefined && this.messages.isLoading));
  }
}
