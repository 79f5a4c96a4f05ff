// The whole chat page: lays its parts out, shows the state at most once per frame, and carries what the reader does to the panel.
import * as l10n from '@vscode/l10n';
import type {
  ApprovalView,
  Attachment,
  MessageSteeringResult,
  MessageView,
  ProviderSummary,
  TaskDetail,
  TaskView,
} from '../../protocol/protocol.generated';
import { ApprovalBox } from '../shared/approvals/approvalBox';
import { element, textButton } from '../shared/element';
import { hookFailureWords } from '../shared/hookFailure';
import type { MenuItem } from '../shared/menu';
import type { Panel } from '../shared/panel';
import type { HelpAction, TemplateName, ToChatPage } from '../../common/messages/chat';
import type { EditCommand } from '../../common/messages/chatAgents';
import { undeleteMs } from '../../common/messages/chatMessages';
import type { ViewError } from '../../common/messages/viewError';
import type { Place, SavedState, Unstored } from './state/savedState';
import { ModelLists } from '../shared/modelLists';
import { ActivityLine } from './messages/activityLine';
import { AnswerOptions } from './header/answerOptions';
import { Announcer } from './announcer';
import { Blobs } from './messages/blobs';
import { Banners } from '../shared/banners';
import { ComposerArea } from './composer/composerArea';
import { CostMeter } from './header/costMeter';
import { type ChatState, fromSnapshot, isRunning, reduce, withoutEarliest } from './state/chatState';
import { chatMenu } from './header/chatMenu';
import { Deletions } from './messages/deletions';
import { EmptyChat } from './messages/emptyChat';
import { failureLine, type Remedies } from './messages/failure';
import { FindBar } from './find/findBar';
import { Header } from './header/header';
import { textOf, type MessageActions, type MessageContext } from './messages/message';
import { isImage } from './messages/messageFile';
import { MessageList, type FromList } from './messages/messageList';
import { modeOf, ModeSwitch } from './composer/modeSwitch';
import { chosenChoice, chosenProvider, type KnownChoices, Picker } from './header/picker';
import { MessagePages } from './messages/messagePages';
import { nextQuestion } from './messages/questions';
import { roundsOf } from './messages/rounds';
import { childrenOfCalls } from './messages/spawned';
import { TemplateSwitch } from './composer/templateSwitch';
import { steeredBefore, steeringChange } from './messages/instructionsChange';
import { SteeringList } from './header/instructionsList';
import { TaskPanel } from './task/taskPanel';
import { Toast } from './toast';
import { changedPaths } from './messages/toolCall';

type EventParams = Extract<ToChatPage, { type: 'event' }>['params'];

/** More than can pass while a snapshot is under way. */
const mostRecent = 5000;

/** Messages that the end of a long chat may grow to, and what is kept of it then. */
const longestEnd = 400;
const keptOfEnd = 200;

/** Milliseconds in which the sidecar has to confirm that a message is stored. */
export const storeWithin = 30_000;

type Sidecar = { state: 'starting' | 'running' | 'stopped'; cause?: string };

export class ChatPage {
  private state: ChatState | undefined;
  private providers: ProviderSummary[] = [];
  private known: KnownChoices = { recent: [] };
  private templates: readonly TemplateName[] = [];
  private sidecar: Sidecar = { state: 'running' };
  /** The last events, for the snapshot that was taken before them and arrives after them. */
  private recent: EventParams[] = [];
  private unstored: Unstored | undefined;
  private storing: ReturnType<typeof setTimeout> | undefined;
  private isHostLost = false;
  private refusal: ViewError | undefined;
  private dismissedNotice: string | undefined;
  private frame: number | undefined;
  private keeping: ReturnType<typeof setTimeout> | undefined;
  private place: Place | null;
  private isRestored = false;
  /** Where the host leads; it may say so before the chat it is in is drawn. */
  private wanted: { index: number; messageId: string } | undefined;
  /** The next frame waits this long, where the last one was slow. */
  private restMs = 0;

  private readonly deletions = new Deletions();

  private readonly announcer = new Announcer();
  private readonly toast = new Toast();
  private readonly pages: MessagePages;
  private readonly blobs: Blobs;
  private readonly find: FindBar;
  private readonly banners = new Banners();
  private readonly loading = element('p', { class: 'loading' }, l10n.t('Loading…'));
  private readonly turnFailure = element('div', { class: 'turn-failure' });
  private readonly refused = element('div', { class: 'refused' });
  private readonly lists: ModelLists;
  private readonly picker: Picker;
  private readonly options: AnswerOptions;
  private readonly header: Header;
  private readonly list: MessageList;
  private readonly activity: ActivityLine;
  private readonly empty: EmptyChat;
  private readonly composer: ComposerArea;
  private readonly cost = new CostMeter();
  private readonly template: TemplateSwitch;
  private readonly steeringList: SteeringList;
  private steering: MessageSteeringResult | undefined;
  private readonly mode: ModeSwitch;
  private readonly approvals: ApprovalBox;
  private waiting: readonly ApprovalView[] = [];
  private children: readonly TaskView[] = [];
  /** Unknown until the panel has told: then every change can be decided. */
  private underReview: readonly string[] | undefined;
  /** Of a task only. */
  private readonly task: TaskPanel | undefined;
  private detail: TaskDetail | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly panel: Panel,
    private readonly codexId: string,
    kept: SavedState | undefined,
  ) {
    this.place = kept?.place ?? null;
    this.pages = new MessagePages((offset, limit, generation) => panel.post({ type: 'list', offset, limit, generation }));
    this.blobs = new Blobs((blob) => panel.post({ type: 'readBlob', blob }));
    this.lists = new ModelLists((providerId) => panel.post({ type: 'listModels', providerId }));
    this.lists.onChange(() => this.composer.hasImage && this.schedule());
    this.picker = new Picker(this.lists, {
      choose: (providerId, model) => {
        // What was refused was refused by the model before.
        this.refusal = undefined;
        panel.post({ type: 'choose', providerId, ...(model === undefined ? {} : { model }) });
        this.schedule();
      },
      connect: () => panel.post({ type: 'help', action: 'chooseProvider' }),
    });
    this.template = new TemplateSwitch({
      run: (command) => panel.post({ type: 'command', command }),
      newOf: (templateId) => panel.post({ type: 'newOfTemplate', templateId, mode: modeOf(this.state?.values) }),
      tryTemplate: () => panel.post({ type: 'tryTemplate' }),
    });
    this.options = new AnswerOptions(this.lists, {
      setOptions: (options) => panel.post({ type: 'options', options }),
      setFallbacks: (fallbacks) => panel.post({ type: 'fallbacks', fallbacks }),
      openSettings: () => this.help('openSettings'),
    });
    this.mode = new ModeSwitch((mode) => {
      if (this.state !== undefined) this.state = { ...this.state, values: { ...this.state.values, permission_mode: mode } };
      panel.post({ type: 'mode', mode });
      this.schedule();
    });
    this.approvals = new ApprovalBox({
      answer: (answer) => panel.post({ type: 'answerApproval', answer }),
      open: (uri) => uri !== codexId && panel.post({ type: 'openCodex', uri }),
      say: (words) => this.announcer.say(words),
      left: () => this.composer.focus(),
    });
    this.composer = new ComposerArea(
      root,
      {
        post: (message) => panel.post(message),
        sent: (text, attachments) => this.sent(text, attachments),
        stop: () => this.stop(),
        changed: () => {
          this.keep();
          if (this.composer.hasImage) this.schedule();
        },
        chooseModel: () => this.picker.open(),
        newTask: (goal) => panel.post({ type: 'newTask', goal }),
        run: (command) => panel.post({ type: 'command', command }),
        fork: () => panel.post({ type: 'fork' }),
        find: () => this.find.open(),
        costLimit: (limit) => this.cost.showLimit(limit),
        readBlob: (blob, tell) => this.blobs.read(blob, tell),
      },
      element('span', { class: 'composer-switches' }, this.template.node, this.mode.node),
    );
    this.steeringList = new SteeringList({
      refresh: () => panel.post({ type: 'loadInstructions' }),
      open: ({ source, path }) => panel.post({ type: 'openInstructions', source, ...(path === undefined ? {} : { path }) }),
      allow: ({ source, version }) => panel.post({ type: 'allowInstructions', source, version }),
      manageTrust: () => this.help('manageTrust'),
    });
    this.header = new Header(
      this.picker,
      this.options,
      [this.steeringList.node, this.cost.node, this.composer.meter.node],
      (title) => panel.post({ type: 'rename', title }),
      () => this.menu(),
    );
    this.activity = new ActivityLine(() => this.stop());
    this.empty = new EmptyChat({
      suggest: (question) => {
        this.composer.setDraft(question);
        this.composer.focus();
      },
      pick: () => this.picker.open(),
      connect: () => panel.post({ type: 'help', action: 'chooseProvider' }),
    });
    this.list = new MessageList({
      actions: this.messageActions(),
      pages: this.pages,
      after: [this.loading, this.empty.node, this.turnFailure, this.activity.node],
      onPlace: (place) => this.moved(place),
      contextOf: (state, message, index) => this.contextOf(state, message, index),
      isHidden: (messageId, index) => this.deletions.hides(messageId, index),
      onDrawn: () => this.find.mark(),
    });
    this.find = new FindBar({
      ask: (text) => panel.post({ type: 'find', text }),
      goTo: (index, messageId, act) => this.list.goTo(index, messageId, act),
      reveal: (rect) => this.list.reveal(rect),
      firstInView: () => this.list.firstInView,
      drawn: () => this.list.drawn,
      leave: () => this.composer.focus(),
      say: (words) => this.announcer.say(words),
    });
    this.list.node.append(this.find.node);
    const composerColumn = element('div', { class: 'column' }, this.toast.node, this.refused, this.composer.node);
    const dock = element('div', { class: 'approval-dock' }, this.approvals.node);
    const foot = element('div', { class: 'chat-foot' }, dock, element('div', { class: 'composer-area' }, composerColumn));
    const talk = [this.list.node, foot];
    if (codexId.startsWith('codex://tasks/')) {
      this.task = new TaskPanel({
        open: (uri) => uri !== codexId && panel.post({ type: 'openCodex', uri }),
        edits: (command, path) => this.edits(command, path),
        run: (command) => panel.post({ type: 'taskCommand', command }),
        reload: () => panel.post({ type: 'reloadTask' }),
      });
      const middle = element('div', { class: 'task-middle' }, element('div', { class: 'task-main' }, ...talk), this.task.side);
      root.append(this.header.node, this.banners.node, this.task.head, middle, this.task.timeline.node, this.announcer.node);
    } else root.append(this.header.node, this.banners.node, ...talk, this.announcer.node);
    root.addEventListener('click', (event) => this.clicked(event));
    root.addEventListener('auxclick', (event) => this.clicked(event));
    root.addEventListener('keydown', (event) => this.pressed(event));
    if (kept !== undefined) {
      this.unstored = kept.unstored;
      this.composer.restore(kept.draft, kept.attachments ?? []);
    }
    // VS Code brings back only a panel that says which chat it shows.
    else this.keep();
    this.draw();
  }

  /** False while something received waits for its frame. */
  get isDrawn(): boolean {
    return this.frame === undefined;
  }

  /** The extension host is gone, or is heard again. What was sent before may not have arrived. */
  changeHost(isLost: boolean): void {
    this.isHostLost = isLost;
    if (isLost) this.giveBackUnstored();
    this.schedule();
  }

  receive(message: ToChatPage): void {
    switch (message.type) {
      case 'snapshot':
        this.providers = message.providers;
        this.state = fromSnapshot(message.chat, this.state);
        this.pages.renew();
        this.deletions.renew();
        this.refoldRecent();
        this.settleUnstored();
        this.composer.receive({ type: 'contextFiles', files: message.chat.contextFiles });
        this.find.refresh();
        break;
      case 'event':
        this.fold(message.params);
        break;
      case 'providers':
        this.providers = message.providers;
        break;
      case 'models':
        this.lists.show(message.providerId, message.models, message.error);
        return;
      case 'choices':
        this.known = {
          recent: message.recent,
          ...(message.large === undefined ? {} : { large: message.large }),
          ...(message.small === undefined ? {} : { small: message.small }),
        };
        break;
      case 'codex':
        if (this.state !== undefined) this.state = { ...this.state, codex: message.codex };
        break;
      case 'hookFailures':
        if (this.state !== undefined) this.state = { ...this.state, hookFailures: message.failures };
        break;
      case 'templates':
        this.templates = message.templates;
        break;
      case 'stored':
        if (message.text === this.unstored?.text) this.confirmStored();
        break;
      case 'refused':
        this.giveBack(message.text, message.error);
        this.approvals.askAgain();
        break;
      case 'sidecar':
        this.sidecar = { state: message.state, ...(message.cause === undefined ? {} : { cause: message.cause }) };
        // Another process numbers its events anew.
        if (message.state !== 'running') this.recent = [];
        if (message.state === 'stopped') this.giveBackUnstored();
        break;
      case 'approvals':
        this.waiting = message.approvals;
        break;
      case 'children':
        this.children = message.tasks;
        break;
      case 'underReview':
        this.underReview = message.paths;
        break;
      case 'task':
        this.detail = message.detail;
        break;
      case 'taskFailed':
        this.task?.fail(message.message);
        return;
      case 'focusComposer':
        this.composer.focus();
        return;
      default:
        this.composer.receive(message);
        return;
      case 'range':
        if (!this.pages.take(message.offset, message.messages, message.generation)) return;
        break;
      case 'found':
        this.find.show(message.text, message.found, message.isTruncated);
        return;
      case 'jump':
        this.wanted = message;
        break;
      case 'deletionSettled':
        this.deletions.settle(message.messageId, this.state?.missedEvents !== true);
        break;
      case 'blob':
        this.blobs.take(message.blob, message.mediaType, message.data);
        return;
      case 'find':
        this.find.open();
        return;
      case 'instructions':
        this.steering = message.steering;
        break;
    }
    this.schedule();
  }

  private fold(params: EventParams): void {
    this.recent.push(params);
    if (this.recent.length > mostRecent) this.recent.splice(0, mostRecent / 2);
    const { kind } = params.event;
    if (kind === 'turnStarted') this.refusal = undefined;
    if (this.state === undefined) return;
    const missedBefore = this.state.missedEvents;
    this.state = reduce(this.state, params, Date.now());
    if (this.state.messages.length > longestEnd && this.place === null) this.state = withoutEarliest(this.state, keptOfEnd);
    if (this.state.missedEvents && !missedBefore) this.panel.post({ type: 'ready' });
    if (this.unstored !== undefined && isStored(this.unstored, this.state)) this.confirmStored();
    if (kind === 'messageFinished') this.find.refresh();
    this.announcer.follow(this.state);
  }

  private refoldRecent(): void {
    const { state } = this;
    if (state === undefined) return;
    this.recent = this.recent.filter(({ seq }) => seq > state.lastSeq);
    for (const params of this.recent) this.state = reduce(this.state ?? state, params, Date.now());
    this.announcer.follow(this.state ?? state);
  }

  // What the reader does

  private sent(text: string, attachments: Attachment[] = []): void {
    const after = this.state?.messages.at(-1)?.id;
    this.unstored = { text, attachments, ...(after === undefined ? {} : { after }), isBack: false };
    clearTimeout(this.storing);
    this.storing = setTimeout(() => this.giveUpWaiting(), storeWithin);
    this.keep();
    this.refusal = undefined;
    this.toast.hide();
    this.list.followEnd();
    this.schedule();
  }

  private stop(): void {
    if (this.state !== undefined && isRunning(this.state)) this.panel.post({ type: 'stop' });
  }

  private retry(messageId: string, goOn: boolean): void {
    this.panel.post({ type: 'retry', messageId, ...(goOn ? { continue: true } : {}) });
    this.list.followEnd();
    this.composer.focus();
  }

  private edits(command: EditCommand, path: string | undefined): void {
    this.panel.post({ type: 'edits', command, ...(path === undefined ? {} : { path }) });
  }

  private messageActions(): MessageActions {
    const { panel } = this;
    return {
      copy: (text) => panel.post({ type: 'copy', text }),
      insert: (text) => panel.post({ type: 'insert', text }),
      apply: (text, info) => panel.post({ type: 'applyCode', text, info }),
      newFile: (text, info) => panel.post({ type: 'newFile', text, info }),
      preview: (text) => panel.post({ type: 'preview', text }),
      retry: (messageId, goOn) => this.retry(messageId, goOn),
      retryWith: (messageId) =>
        this.picker.ask(({ providerId, model }) => {
          panel.post({ type: 'retryWith', messageId, providerId, ...(model === undefined ? {} : { model }) });
          this.list.followEnd();
        }),
      edit: (messageId, text) => {
        panel.post({ type: 'edit', messageId, text });
        this.sent(text);
        this.composer.focus();
      },
      fork: (messageId) => panel.post({ type: 'fork', messageId }),
      discard: (messageId, before) => panel.post({ type: 'discard', messageId, ...(before.length === 0 ? {} : { before: [...before] }) }),
      remove: (messageId, before) => this.remove(messageId, before),
      wholeText: (messageId) => this.wholeText(messageId),
      open: (uri) => panel.post({ type: 'openCodex', uri }),
      edits: (command, path) => this.edits(command, path),
      switchBranch: (messageId) => panel.post({ type: 'switchBranch', messageId }),
      remediesFor: (message, hasRounds) =>
        this.remedies(message.providerInfo?.providerId, message.id, hasRounds || textOf(message).trim() !== ''),
      blobs: this.blobs,
      openFile: (file) => {
        const { path, range, blob } = file;
        if (isImage(file) && blob !== undefined) panel.post({ type: 'openImage', blob, name: path });
        else panel.post({ type: 'openFile', path, ...(range === undefined ? {} : { range }) });
      },
    };
  }

  /** It is gone from the page at once, and from the chat when nobody took it back. */
  private remove(messageId: string, before: readonly string[]): void {
    const index = this.list.indexOf(messageId);
    const message = this.list.messageAt(index);
    if (message === undefined) return;
    // An answer goes with its rounds, the last first.
    const gone = [messageId, ...[...before].reverse()];
    for (const id of gone) {
      const at = this.list.indexOf(id);
      const round = this.list.messageAt(at);
      if (round === undefined) continue;
      this.deletions.add(round, at);
      this.panel.post({ type: 'delete', messageId: id });
    }
    const undo = (): void => {
      for (const id of gone) {
        this.deletions.undo(id);
        this.panel.post({ type: 'undelete', messageId: id });
      }
      this.schedule();
    };
    const takesAll = message.role === 'user' && index < this.list.total - 1;
    this.toast.show(takesAll ? l10n.t('Deleted, with all that followed.') : l10n.t('Deleted.'), undo, undeleteMs);
    this.announcer.say(
      takesAll ? l10n.t('Deleted, with all that followed. Undo is above the composer.') : l10n.t('Deleted. Undo is above the composer.'),
    );
    this.schedule();
  }

  /** Of an answer with the rounds before it. */
  private wholeText(messageId: string): string {
    const index = this.list.indexOf(messageId);
    const { before } = roundsOf(index, (at) => this.list.messageAt(at));
    const messages = [...before.map((id) => this.list.indexOf(id)), index].map((at) => this.list.messageAt(at));
    return messages
      .flatMap((message) => (message === undefined ? [] : [textOf(message)]))
      .filter((text) => text !== '')
      .join('\n\n');
  }

  private menu(): MenuItem[] {
    const { state } = this;
    if (state === undefined) return [];
    return chatMenu(state, {
      rename: () => this.header.rename(),
      fork: () => this.panel.post({ type: 'fork' }),
      find: () => this.find.open(),
      tryTemplate: () => this.panel.post({ type: 'tryTemplate' }),
      run: (command) => this.panel.post({ type: 'command', command }),
    });
  }

  /** @param backwards To the one before what is in view. */
  private jump(backwards: boolean): void {
    const found = nextQuestion(this.list, this.list.firstInView, backwards);
    if (found === 'unknown') this.panel.post({ type: 'nextQuestion', index: this.list.firstInView, backwards });
    else if (found !== undefined) this.goToQuestion(found.index, found.id);
    else if (!backwards) this.list.followEnd();
  }

  private goToQuestion(index: number, messageId: string): void {
    this.list.goTo(index, messageId, (article) => article.focus({ preventScroll: true }));
  }

  private help(action: HelpAction, providerId?: string): void {
    this.panel.post({ type: 'help', action, ...(providerId === undefined ? {} : { providerId }) });
  }

  private remedies(providerId: string | undefined, messageId: string | undefined, canGoOn = false): Remedies {
    return {
      retry: () => messageId !== undefined && this.retry(messageId, false),
      goOn: messageId !== undefined && canGoOn ? () => this.retry(messageId, true) : undefined,
      pick: () => this.picker.open(),
      help: (action) => this.help(action, providerId ?? this.chosen()?.id),
    };
  }

  /** Links have no address of their own; nothing else may reach the editor's own click handling. */
  private clicked(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest<HTMLElement>('a') : null;
    if (link === null) return;
    event.preventDefault();
    event.stopPropagation();
    const href = link.dataset['href'];
    if (event.type === 'click' && href !== undefined) this.panel.post({ type: 'openLink', href });
  }

  private pressed(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key === 'f') {
      this.find.open();
    } else if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      this.jump(event.key === 'ArrowUp');
    } else if (event.key === 'Enter' && event.target instanceof HTMLAnchorElement) {
      event.target.click();
    } else if (event.key === 'Escape' && this.state !== undefined && isRunning(this.state)) {
      this.stop();
    } else if (event.key === 'F2') {
      this.header.rename();
    } else {
      return;
    }
    event.preventDefault();
  }

  // What was sent and did not arrive

  private giveBack(text: string | undefined, error: ViewError): void {
    this.refusal = error;
    if (text !== undefined) {
      if (text === this.unstored?.text) this.forgetUnstored();
      this.composer.giveBack(text);
    }
    this.announcer.say(l10n.t('Error: {0}', error.message));
  }

  /** It stays known until it is known to be stored: then the draft is rid of it again. */
  private giveBackUnstored(): void {
    if (this.unstored === undefined || this.unstored.isBack) return;
    this.unstored = { ...this.unstored, isBack: true };
    this.composer.giveBack(this.unstored.text);
    this.keep();
  }

  private giveUpWaiting(): void {
    if (this.unstored === undefined || this.unstored.isBack) return;
    this.giveBackUnstored();
    const message = l10n.t(
      'Plue did not confirm within {0} seconds that your message was stored. It is in the composer again. If this does not pass, restart Plue.',
      storeWithin / 1000,
    );
    this.refusal = { kind: 'sidecarStopped', message };
    this.announcer.say(l10n.t('Error: {0}', message));
    this.schedule();
  }

  /** What was sent before a reload, or before the sidecar ended, is in the chat or goes back into the draft. */
  private settleUnstored(): void {
    const { unstored, state } = this;
    if (unstored === undefined || state === undefined) return;
    if (isStored(unstored, state)) this.confirmStored();
    else if (this.storing === undefined) {
      if (!unstored.isBack) this.composer.giveBack(unstored.text, unstored.attachments);
      this.forgetUnstored();
    }
  }

  private confirmStored(): void {
    const { unstored } = this;
    this.forgetUnstored();
    if (unstored?.isBack !== true) return;
    this.composer.takeBack(unstored.text);
    this.refusal = undefined;
  }

  private forgetUnstored(): void {
    clearTimeout(this.storing);
    this.storing = undefined;
    this.unstored = undefined;
    this.keep();
  }

  /** On its way, and nobody doubts that it arrives. */
  private get isSending(): boolean {
    return this.unstored?.isBack === false && this.storing !== undefined;
  }

  // What is kept over a reload

  private moved(place: Place | null): void {
    if (!this.isRestored) return;
    this.place = place;
    this.keepSoon();
  }

  private keep(): void {
    const { draft, attachments } = this.composer;
    const files = attachments.length === 0 ? {} : { attachments };
    const unstored = this.unstored === undefined ? {} : { unstored: this.unstored };
    this.panel.setState({ codexId: this.codexId, draft, ...files, ...unstored, place: this.place } satisfies SavedState);
  }

  private keepSoon(): void {
    this.keeping ??= setTimeout(() => {
      this.keeping = undefined;
      this.keep();
    }, 150);
  }

  // Pixels

  private schedule(): void {
    if (this.frame !== undefined) return;
    this.frame = 0;
    const draw = (): number =>
      (this.frame = requestAnimationFrame(() => {
        this.frame = undefined;
        const begun = performance.now();
        this.draw();
        const took = performance.now() - begun;
        this.restMs = took > 12 ? Math.min(took * 3, 500) : 0;
      }));
    if (this.restMs > 0) setTimeout(draw, this.restMs);
    else draw();
  }

  private draw(): void {
    const { state } = this;
    this.showBanners(state);
    this.showRefusal();
    this.composer.show({
      isRunning: state !== undefined && isRunning(state) && this.canAnswer,
      blocked: this.blocked(state),
      isReadOnly: state === undefined || state.readOnlyReason !== undefined,
      queue: state?.queue ?? [],
      sent: (state?.messages ?? []).filter(({ role }) => role === 'user').map(textOf),
      blind: this.composer.hasImage ? this.blind() : undefined,
      contextKey: contextKey(state),
    });
    this.approvals.show(this.waiting, this.canAnswer);
    this.cost.show(state?.codex.cost);
    this.loading.hidden = state !== undefined || this.sidecar.state === 'stopped' || this.refusal !== undefined;
    this.root.setAttribute('aria-busy', String(state === undefined && !this.loading.hidden));
    this.loading.textContent = this.sidecar.state === 'starting' ? l10n.t('Starting Plue…') : l10n.t('Loading…');
    if (state === undefined) return;

    this.steeringList.show(this.steering, state.messages.findLast(({ steeredBy }) => steeredBy !== undefined)?.steeredBy);
    this.header.show(state.codex, this.providers, state.messages.findLast(({ role }) => role === 'assistant')?.providerInfo);
    this.picker.show(state.codex, this.providers, this.known);
    this.template.show(state.codex, this.templates, state.messages.length + state.offset === 0);
    this.options.show(state.codex, this.providers, state.readOnlyReason === undefined);
    this.mode.show(modeOf(state.values), state.readOnlyReason === undefined);
    if (this.detail !== undefined) this.task?.show(this.detail, state.readOnlyReason === undefined && this.canAnswer, Date.now());
    const isEmpty = state.messages.length + state.offset === 0;
    const isTask = state.codex.uri.startsWith('codex://tasks/');
    // What a task is about was said when it was made.
    if (isEmpty && !isTask && !isRunning(state) && !this.isSending && state.ending?.error === undefined)
      this.empty.show(state.codex, this.providers);
    else this.empty.hide();
    this.showTurnFailure(state);
    this.activity.show(state, this.isSending);
    this.list.show(state);
    if (!this.isRestored) {
      this.list.restore(this.place);
      this.isRestored = true;
    }
    const { wanted } = this;
    this.wanted = undefined;
    if (wanted !== undefined) this.goToQuestion(wanted.index, wanted.messageId);
  }

  private showBanners(state: ChatState | undefined): void {
    const stopped = this.sidecar.state === 'stopped';
    this.banners.set('sidecar', stopped ? (this.sidecar.cause ?? l10n.t('Plue stopped.')) : undefined, 'error', [
      textButton(l10n.t('Restart'), () => this.help('restartSidecar'), 'primary'),
      textButton(l10n.t('Show Log'), () => this.help('openLog')),
    ]);
    this.banners.set('starting', this.sidecar.state === 'starting' && state !== undefined ? l10n.t('Starting Plue…') : undefined);
    this.banners.set('readOnly', state?.readOnlyReason, 'warning');
    this.banners.set('hooks', hookFailureWords(state?.hookFailures), 'warning', [
      textButton(l10n.t('Show History'), () => this.panel.post({ type: 'command', command: 'plue.showHistory' })),
    ]);
    // Nobody but the user spends money after a restart.
    const hasNotBegun = state?.codex.taskStatus === 'interrupted' && state.messages.length + state.offset === 0;
    this.banners.set('begin', hasNotBegun ? l10n.t('Plue ended before this task could begin.') : undefined, 'info', [
      textButton(l10n.t('Start'), () => this.panel.post({ type: 'send', text: '' }), 'primary'),
    ]);
    const notice = state?.notice === this.dismissedNotice ? undefined : state?.notice;
    this.banners.set('notice', notice, 'info', [], () => {
      this.dismissedNotice = notice;
      this.banners.set('notice', undefined);
      this.composer.focus();
    });
  }

  private showRefusal(): void {
    const { refusal } = this;
    const key = JSON.stringify([refusal, this.chosen()?.kind]);
    if (this.refused.dataset['shown'] === key) return;
    this.refused.dataset['shown'] = key;
    this.refused.replaceChildren(
      ...(refusal === undefined ? [] : [failureLine(refusal, this.chosen(), this.remedies(undefined, undefined), false)]),
    );
  }

  /** An error that belongs to no message, under the question it leaves unanswered. */
  private showTurnFailure(state: ChatState): void {
    const last = state.messages.at(-1);
    const error = last?.role === 'assistant' && last.status === 'failed' ? undefined : state.ending?.error;
    const key = JSON.stringify([error, last?.id, this.chosen()?.kind]);
    if (this.turnFailure.dataset['shown'] === key) return;
    this.turnFailure.dataset['shown'] = key;
    const line =
      error === undefined
        ? []
        : [failureLine(error, this.chosen(), this.remedies(undefined, last?.id, last?.stopReason === 'toolUse'), last !== undefined)];
    this.turnFailure.replaceChildren(...line);
  }

  private get canAnswer(): boolean {
    return this.sidecar.state === 'running' && !this.isHostLost;
  }

  private blocked(state: ChatState | undefined): string | undefined {
    if (this.isHostLost) return l10n.t('Plue does not respond; the draft is kept');
    if (this.sidecar.state === 'stopped') return l10n.t('Plue is not running; the draft is kept');
    if (this.sidecar.state === 'starting' || state === undefined) return l10n.t('Plue is starting; the draft is kept');
    if (state.readOnlyReason !== undefined) return l10n.t('This chat cannot be written to now');
    return this.isSending ? l10n.t('Sending') : undefined;
  }

  private contextOf(state: ChatState, message: MessageView, index: number): Omit<MessageContext, FromList> {
    const isLast = state.messages.at(-1)?.id === message.id;
    const running = isRunning(state);
    const providerId = message.providerInfo?.providerId;
    return {
      timing: state.timings.get(message.id),
      canGoOn: isLast && !running && state.readOnlyReason === undefined,
      canChange: !running && state.readOnlyReason === undefined,
      isRunning: running && (isLast || message === state.messages.findLast(({ role }) => role === 'assistant')),
      provider: this.providers.find(({ id }) => id === providerId),
      steeringChange: this.steeringChange(message, index),
      asking: this.waiting.flatMap(({ toolUseId }) => (toolUseId === undefined ? [] : [toolUseId])),
      children: childrenOfCalls(message, this.children, state.outputs),
      underReview: changedPaths(message).filter((path) => this.underReview?.includes(path) ?? true),
      rounds: roundsOf(index, (at) => this.list.messageAt(at)),
      note: isLast && message.role === 'assistant' ? endingNote(state) : undefined,
    };
  }

  private steeringChange({ steeredBy }: MessageView, index: number): string | undefined {
    if (steeredBy === undefined) return undefined;
    const before = steeredBefore(index, (at) => this.list.messageAt(at));
    return before === undefined ? undefined : steeringChange(before, steeredBy);
  }

  /** Known once the provider's models are. */
  private blind(): string | undefined {
    const provider = this.chosen();
    const choice = this.state === undefined ? undefined : chosenChoice(this.state.codex, this.providers);
    if (provider === undefined || !provider.enabled) return undefined;
    if (provider.kind !== 'tour') this.lists.load(provider.id);
    const model = this.lists.model(provider.id, choice?.model ?? provider.model);
    return model?.supportsVision === false ? l10n.t('{0} sees no images', model.name ?? model.id) : undefined;
  }

  private chosen(): ProviderSummary | undefined {
    return chosenProvider(this.state?.codex, this.providers);
  }
}

/** Whether what was sent waits in the queue, or follows what was last then. */
function isStored({ text, after }: Unstored, { messages, queue }: ChatState): boolean {
  const from = messages.findIndex(({ id }) => id === after) + 1;
  const isIt = (message: MessageView): boolean => message.role === 'user' && textOf(message) === text;
  return queue.some((queued) => queued.text === text) || messages.slice(from).some(isIt);
}

/** What the context depends on beside the draft. */
function contextKey(state: ChatState | undefined): string {
  if (state === undefined || isRunning(state)) return '';
  const { codex, messages } = state;
  return JSON.stringify([codex.providerId, codex.model, messages.length, messages.at(-1)?.id, messages.at(-1)?.status]);
}

function endingNote(state: ChatState): string | undefined {
  switch (state.ending?.stopReason) {
    case 'maxTokens':
      return l10n.t('The answer reached its length limit.');
    case 'refusal':
      return l10n.t('The model declined to go on.');
    case 'contextFull':
      return l10n.t('The chat no longer fits what the model can read at once.');
    default:
      return undefined;
  }
}
