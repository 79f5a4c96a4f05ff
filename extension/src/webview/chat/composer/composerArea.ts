// Everything below the messages: queue, pinned files, attachments, and composer.
import * as l10n from '@vscode/l10n';
import type { Attachment, AttachmentView, QueuedView } from '../../../protocol/protocol.generated';
import { withTexts } from '../../../common/attachedTexts';
import { element } from '../../shared/element';
import { menuButton } from '../../shared/menu';
import type { Handlers } from '../../../common/handlers';
import type { FromChatPage } from '../../../common/messages/chat';
import type { ComposerFromPage, ComposerToPage, FilePlace } from '../../../common/messages/chatComposer';
import type { AttachedText, EditorChoice } from '../../../common/messages/savedState';
import type { ChatCommand } from '../../../common/messages/chatMessages';
import { AttachedFiles, type AttachedFile } from './attachedFiles';
import { AttachmentChips } from './attachmentChips';
import { Composer } from './composer';
import { EditorChip } from './editorChip';
import { ContextMeter } from './contextMeter';
import { takeDrops } from './dropTarget';
import { FileMentions } from './fileMentions';
import { PinnedFiles } from './pinnedFiles';
import { QueueList } from './queueList';
import { withGiven } from './promptStops';
import { SlashCommands } from './slashCommands';

export interface ComposerAreaActions {
  post(message: Extract<FromChatPage, { type: 'send' }> | ComposerFromPage): void;
  /** Starts a task with the agent that was chosen. */
  startTask(text: string, attachments: Attachment[]): void;
  /** A message was given away. */
  sent(text: string, attachments: Attachment[]): void;
  stop(): void;
  /** Draft or files changed. */
  changed(): void;
  chooseModel(): void;
  newTask(goal: string): void;
  run(command: ChatCommand): void;
  fork(): void;
  find(): void;
  costLimit(limit: number | undefined): void;
  /** @param tokens Of the next message with its context; undefined if unknown. */
  measured(tokens: number | undefined): void;
  /** Tells the data address of a stored image, now or later; undefined when there is none. */
  readBlob(blob: string, tell: (address: string | undefined) => void): void;
}

export interface ComposerAreaState {
  isRunning: boolean;
  blocked: string | undefined;
  isReadOnly: boolean;
  queue: readonly QueuedView[];
  /** Texts of the questions of this chat, oldest first. */
  sent: readonly string[];
  /** The reason why the model cannot see images; undefined if it can, or if unknown. */
  blind: string | undefined;
  /** Changes whenever the context may have: another message, another model. */
  contextKey: string;
  /** Name of the agent that gets the next message. */
  agent: string | undefined;
}

/** Milliseconds without a key before the context is measured again. */
const measureDelay = 500;

export class ComposerArea {
  readonly node: HTMLElement;
  readonly meter: ContextMeter;
  private readonly composer: Composer;
  private readonly files: AttachedFiles;
  private readonly chips: AttachmentChips;
  private readonly editorChip: EditorChip;
  private readonly pinned: PinnedFiles;
  private readonly queue: QueueList;
  private readonly mentions: FileMentions;
  private readonly slash: SlashCommands;
  private state: ComposerAreaState = {
    isRunning: false,
    blocked: l10n.t('Plue is starting; the draft is kept'),
    isReadOnly: true,
    queue: [],
    sent: [],
    blind: undefined,
    contextKey: '',
    agent: undefined,
  };
  /** The sent message that can be restored. */
  private under: { text: string; draft: string; files: readonly AttachedFile[] } | undefined;
  /** A message whose draft and attachments were restored. */
  private restored: { text: string; draft: string } | undefined;
  private readonly measuring: { timer?: ReturnType<typeof setTimeout>; key: string } = { key: '' };
  /** Arguments of the command whose prompt is loading. */
  private given = '';

  /** @param page Target for dropped files. */
  constructor(
    page: HTMLElement,
    private readonly actions: ComposerAreaActions,
    /** Who gets the draft, and how. */
    switches: HTMLElement,
  ) {
    const post: ComposerAreaActions['post'] = (message) => actions.post(message);
    this.files = new AttachedFiles({ post, changed: () => this.filesChanged(), readBlob: (blob, tell) => actions.readBlob(blob, tell) });
    this.chips = new AttachmentChips({
      remove: (id) => this.removeFile(id),
      allowOutside: (id) => this.files.allowOutside(id),
      sendAs: (id, how) => this.files.sendAs(id, how),
      pin: (id) => this.pin(id),
      open: ({ name, source }) => post({ type: 'openText', name, text: source?.text ?? '' }),
    });
    this.editorChip = new EditorChip({
      changed: () => this.filesChanged(),
      keep: (choice) => post({ type: 'keepEditorChoice', choice }),
    });
    this.pinned = new PinnedFiles((paths) => post({ type: 'pin', paths }));
    this.queue = new QueueList({
      sendNow: ({ id }) => post({ type: 'steer', queuedId: id }),
      edit: (queued) => this.editQueued(queued),
      remove: ({ id }) => post({ type: 'unqueue', queuedId: id }),
    });
    this.composer = this.createComposer(switches);
    this.mentions = this.createMentions();
    this.slash = this.createSlashCommands();
    this.meter = new ContextMeter(() => actions.run('plue.chat.compact'));
    this.node = element('div', { class: 'composer-parts' }, this.queue.node, this.pinned.node, this.composer.node);
    takeDrops(page, {
      dropped: (uris) => post({ type: 'dropped', uris }),
      droppedFiles: (files) => this.addDropped(files),
    });
  }

  private createComposer(switches: HTMLElement): Composer {
    const { actions } = this;
    return new Composer(
      {
        send: (text, now) => this.send(text, now),
        stop: () => actions.stop(),
        edited: (draft, cursor) => this.edited(draft, cursor),
        pasted: (files) => this.addDropped(files),
        sent: () => this.state.sent,
        mistake: (text) => (this.files.all.length === 0 ? this.slash.mistake(text) : undefined),
      },
      element('div', { class: 'composer-attachments' }, this.editorChip.node, this.chips.node),
      menuButton({
        label: l10n.t('Add Files'),
        icon: 'attach',
        key: 'add-files',
        items: () => [
          { label: l10n.t('Add File…'), run: () => actions.post({ type: 'pickFiles' }) },
          { label: l10n.t('Add Selection'), run: () => actions.post({ type: 'attachSelection' }) },
          { label: l10n.t('Pin File…'), run: () => actions.post({ type: 'pickPin' }) },
        ],
      }),
      switches,
    );
  }

  private createMentions(): FileMentions {
    return new FileMentions(this.composer.completions, {
      find: (text) => this.actions.post({ type: 'findFiles', text }),
      attach: (place) => this.files.add(place),
      attachSource: (source, of) => this.files.addSource(source, of),
      isAttached: (path) => this.isAttached(path),
      replace: (...change) => this.composer.replace(...change),
    });
  }

  private createSlashCommands(): SlashCommands {
    const { actions } = this;
    return new SlashCommands(this.composer.completions, {
      run: (command) => actions.run(command),
      fork: () => actions.fork(),
      find: () => actions.find(),
      chooseModel: () => actions.chooseModel(),
      newTask: (goal) => actions.newTask(goal),
      listPrompts: () => actions.post({ type: 'listPrompts' }),
      readPrompt: (uri, given) => {
        this.given = given;
        actions.post({ type: 'readPrompt', uri });
      },
      readServerPrompt: (prompt) => actions.post({ type: 'readServerPrompt', ...prompt }),
      replace: (...change) => this.composer.replace(...change),
    });
  }

  get draft(): string {
    return this.composer.draft;
  }

  get attachments(): Attachment[] {
    return this.files.attachments;
  }

  /** What the user chose to send of the editor in this chat. */
  get editorChoice(): EditorChoice | undefined {
    return this.editorChip.choice;
  }

  get texts(): AttachedText[] {
    return this.files.texts;
  }

  get hasImage(): boolean {
    return this.files.hasImage;
  }

  show(state: ComposerAreaState): void {
    this.state = state;
    this.queue.show(state.queue, state.isRunning, state.isReadOnly);
    this.pinned.allowChanges(!state.isReadOnly);
    this.showComposer();
    this.meter.allowCompacting(!state.isRunning && state.blocked === undefined);
    this.measureSoon(0);
  }

  readonly handlers: Handlers<ComposerToPage, void> = {
    files: ({ text, files, note }) => this.mentions.receive(text, files, note),
    attach: (message) => {
      this.files.receive(message);
      this.composer.focus();
    },
    inspected: (message) => this.files.receive(message),
    image: (message) => this.files.receive(message),
    sourceText: (message) => this.files.receive(message),
    contextFiles: ({ files }) => {
      this.pinned.show(files, this.state.isReadOnly);
      this.measuring.key = '';
      this.showComposer();
      this.measureSoon(0);
    },
    editorContext: ({ place, choice }) => this.editorChip.receive(place, choice),
    context: ({ context, costLimit }) => {
      this.actions.costLimit(costLimit);
      this.actions.measured(context?.tokens);
      this.meter.show(context);
    },
    prompts: ({ prompts, commands }) => this.slash.receive(prompts, commands),
    skills: ({ skills }) => this.slash.receiveSkills(skills),
    serverPrompts: ({ prompts }) => this.slash.receiveServerPrompts(prompts),
    promptText: ({ text, args }) => {
      this.composer.putPrompt(withGiven(text, args, this.given), args);
      this.given = '';
    },
  };

  /** The draft and the files of before a reload. */
  restore(draft: string, attachments: readonly Attachment[], texts: readonly AttachedText[], editor?: EditorChoice): void {
    this.editorChip.restore(editor);
    this.composer.setDraft(draft);
    this.files.restore(attachments);
    this.files.restoreTexts(texts);
  }

  setDraft(draft: string): void {
    this.composer.setDraft(draft);
  }

  /**
   * Restores a rejected message with its attachments.
   * @param attachments Attachments, if the webview was reloaded after sending.
   */
  giveBack(text: string, attachments: readonly Attachment[] = []): void {
    const { under } = this;
    this.under = undefined;
    if (under?.text === text) {
      this.composer.giveBack(under.draft);
      this.files.giveBack(under.files);
      this.restored = under;
    } else {
      this.composer.giveBack(text);
      this.files.restore(attachments);
    }
  }

  /** The restored message was stored after all. */
  takeBack(text: string): void {
    const draft = this.restored?.text === text ? this.restored.draft : text;
    if (this.composer.draft === draft) this.files.take();
    this.composer.takeBack(draft);
  }

  focus(): void {
    this.composer.focus();
  }

  private send(draft: string, now: boolean): void {
    if (this.files.all.length === 0 && this.slash.mistake(draft) === undefined && this.slash.runs(draft)) return;
    const text = withTexts(draft, this.files.texts);
    const attachments = this.sentAttachments;
    // Before the files are taken, which may cover the place of the editor.
    const { sent } = this.editorChip;
    const files = [...this.files.take(), ...sent];
    this.under = { text, draft, files };
    const withFiles = attachments.length === 0 ? {} : { attachments };
    if (this.state.agent !== undefined) this.actions.startTask(text, attachments);
    else if (now && this.state.isRunning) this.actions.post({ type: 'steer', text, ...withFiles });
    else this.actions.post({ type: 'send', text, ...withFiles, ...(this.state.isRunning ? { queue: true } : {}) });
    this.actions.sent(text, attachments);
  }

  private edited(draft: string, cursor: number): void {
    const isCommand = this.slash.follow(draft, cursor);
    if (!isCommand) this.slash.forget();
    const isMention = !isCommand && this.mentions.follow(draft, cursor);
    if (!isCommand && !isMention) this.composer.completions.close();
    this.actions.changed();
    this.measureSoon();
  }

  private addDropped(files: File[]): void {
    for (const file of files) void this.files.addDropped(file);
    this.composer.focus();
  }

  private editQueued({ id, text, attachments }: QueuedView): void {
    this.actions.post({ type: 'unqueue', queuedId: id });
    this.composer.setDraft(this.draft === '' ? text : `${text}\n${this.draft}`);
    this.files.restore(attachments.map(attachmentOf));
    this.composer.focus();
  }

  private removeFile(id: string): void {
    this.files.remove(id);
    if (this.files.all.length === 0) this.composer.focus();
  }

  private isAttached(path: string): boolean {
    const isWhole = ({ attachment }: AttachedFile) => attachment.path === path && attachment.range === undefined;
    return this.pinned.paths.includes(path) || this.files.all.some(isWhole);
  }

  /** A file that is sent anyway needs no suggestion. */
  private isCovered({ path, range }: FilePlace): boolean {
    const isSame = ({ attachment }: AttachedFile) => attachment.path === path && JSON.stringify(attachment.range) === JSON.stringify(range);
    return this.isAttached(path) || this.files.all.some(isSame);
  }

  /** Attachments and what the chip of the editor shows as sent. */
  private get sentAttachments(): Attachment[] {
    return [...this.attachments, ...this.editorChip.sent.map(({ attachment }) => attachment)];
  }

  private pin(id: string): void {
    const path = this.files.all.find((file) => file.id === id)?.attachment.path;
    if (path === undefined) return;
    this.files.remove(id);
    this.pinned.pin(path);
    this.composer.focus();
  }

  private filesChanged(): void {
    this.showComposer();
    this.actions.changed();
    this.measureSoon();
  }

  private showComposer(): void {
    const { isRunning, blocked, blind, agent } = this.state;
    this.editorChip.show(this.state.isReadOnly, (place) => this.isCovered(place));
    this.chips.show(this.files.all, { blind, pinned: this.pinned.paths });
    this.composer.show({ isRunning, blocked, waitsFor: this.files.blocked, agent });
  }

  /** Measured files are not requested again. */
  private measureSoon(rest = measureDelay): void {
    clearTimeout(this.measuring.timer);
    this.measuring.timer = setTimeout(() => {
      const { contextKey, blocked } = this.state;
      const attachments = this.sentAttachments;
      const draft = withTexts(this.draft, this.files.texts);
      const key = JSON.stringify([contextKey, draft, attachments]);
      if (contextKey === '' || blocked !== undefined || key === this.measuring.key) return;
      this.measuring.key = key;
      this.actions.post({ type: 'measureContext', draft, attachments });
    }, rest);
  }
}

/** Queued files are already allowed. */
function attachmentOf({ path, blob, mediaType, range, mode, kind }: AttachmentView): Attachment {
  if (blob !== undefined && kind === 'image') return { blob, name: path, ...(mediaType === undefined ? {} : { mediaType }) };
  const how = { ...(range === undefined ? {} : { range }), ...(mode === undefined ? {} : { mode }) };
  return { path, ...how, ...(/^(?:[/\\\\]|[a-z]:)/iu.test(path) ? { allowOutside: true } : {}) };
}
