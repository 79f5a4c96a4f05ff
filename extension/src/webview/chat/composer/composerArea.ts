// Everything below the messages: queue, pinned files, attachments, and composer.
import * as l10n from '@vscode/l10n';
import type { Attachment, AttachmentView, QueuedView } from '../../../protocol/protocol.generated';
import { withTexts } from '../../../common/attachedTexts';
import type { Handlers } from '../../../common/handlers';
import type { ComposerToPage } from '../../../common/messages/chatComposer';
import type { AttachedText, EditorChoice } from '../../../common/messages/savedState';
import { element } from '../../shared/element';
import { menuButton } from '../../shared/menu';
import type { ChatContext } from '../state/chatContext';
import { Composer } from './composer';
import { ContextRequest } from './contextRequest';
import { DraftAttachments } from './draftAttachments';
import { acceptDrops } from './dropTarget';
import { FileMentions } from './fileMentions';
import { modeOf } from './modeSwitch';
import { QueueList } from './queueList';
import { SentDraft } from './sentDraft';
import { SlashCommands } from './slashCommands';

export interface ComposerAreaState {
  isRunning: boolean;
  blocked: string | undefined;
  isReadOnly: boolean;
  queue: readonly QueuedView[];
  /** Texts of the questions of this chat, oldest first. */
  sent: readonly string[];
  /** The reason why the model cannot see images; undefined if it can, or if unknown. */
  imageWarning: string | undefined;
  /** Changes whenever the context may have: another message, another model. */
  contextKey: string;
  /** Name of the agent that gets the next message. */
  agent: string | undefined;
}

export class ComposerArea {
  readonly node: HTMLElement;
  private readonly attachments: DraftAttachments;
  private readonly composer: Composer;
  private readonly queue: QueueList;
  private readonly mentions: FileMentions;
  private readonly slash: SlashCommands;
  private readonly sentDraft = new SentDraft();
  private readonly contextRequest: ContextRequest;
  private state: ComposerAreaState = {
    isRunning: false,
    blocked: l10n.t('Plue is starting; the draft is kept'),
    isReadOnly: true,
    queue: [],
    sent: [],
    imageWarning: undefined,
    contextKey: '',
    agent: undefined,
  };

  /**
   * @param page Target for dropped files.
   * @param switches Choose who gets the draft, and how.
   */
  constructor(
    page: HTMLElement,
    private readonly context: ChatContext,
    switches: HTMLElement,
  ) {
    const { panel } = context;
    this.attachments = new DraftAttachments(context, () => this.filesChanged());
    this.contextRequest = new ContextRequest(panel);
    this.queue = new QueueList({
      sendNow: ({ id }) => panel.post({ type: 'steer', queuedId: id }),
      edit: (queued) => this.editQueued(queued),
      remove: ({ id }) => panel.post({ type: 'unqueue', queuedId: id }),
    });
    this.composer = this.createComposer(switches);
    this.mentions = new FileMentions(this.composer, this.attachments, panel);
    this.slash = new SlashCommands(this.composer, context);
    this.node = element('div', { class: 'composer-parts' }, this.queue.node, this.attachments.pinned.node, this.composer.node);
    acceptDrops(page, {
      dropped: (uris) => panel.post({ type: 'dropped', uris }),
      droppedFiles: (files) => this.attachments.addDropped(files),
    });
  }

  readonly handlers: Omit<Handlers<ComposerToPage, void>, 'context'> = {
    files: ({ text, files, note }) => this.mentions.receive(text, files, note),
    attach: (message) => {
      this.attachments.files.receive(message);
      this.composer.focus();
    },
    inspected: (message) => this.attachments.files.receive(message),
    image: (message) => this.attachments.files.receive(message),
    sourceText: (message) => this.attachments.files.receive(message),
    contextFiles: ({ files }) => {
      this.attachments.pinned.show(files);
      this.contextRequest.forget();
      this.showComposer();
      this.measure(0);
    },
    editorContext: ({ place, choice }) => this.attachments.editor.receive(place, choice),
    prompts: ({ prompts, commands }) => this.slash.receive(prompts, commands),
    skills: ({ skills }) => this.slash.receiveSkills(skills),
    serverPrompts: ({ prompts }) => this.slash.receiveServerPrompts(prompts),
    promptText: ({ text, args }) => this.composer.putPrompt(this.slash.filledIn(text, args), args),
  };

  get draft(): string {
    return this.composer.draft;
  }

  /** What a reload of the page restores. */
  get saved(): { draft: string; attachments: Attachment[]; texts: AttachedText[]; editor: EditorChoice | undefined } {
    const { files, editor } = this.attachments;
    return { draft: this.draft, attachments: files.attachments, texts: files.texts, editor: editor.choice };
  }

  get hasImage(): boolean {
    return this.attachments.files.hasImage;
  }

  show(state: ComposerAreaState): void {
    this.state = state;
    this.queue.show(state.queue, state.isRunning, state.isReadOnly);
    this.showComposer();
    this.measure(0);
  }

  /** The draft and the files of before a reload. */
  restore(draft: string, attachments: readonly Attachment[], texts: readonly AttachedText[], editor?: EditorChoice): void {
    this.attachments.editor.restore(editor);
    this.composer.setDraft(draft);
    this.attachments.files.restore(attachments);
    this.attachments.files.restoreTexts(texts);
  }

  setDraft(draft: string): void {
    this.composer.setDraft(draft);
  }

  /**
   * Restores a rejected message with its attachments.
   * @param attachments Attachments, if the webview was reloaded after sending.
   */
  giveBack(text: string, attachments: readonly Attachment[] = []): void {
    const restored = this.sentDraft.restore(text);
    this.composer.giveBack(restored?.draft ?? text);
    if (restored === undefined) this.attachments.files.restore(attachments);
    else this.attachments.files.giveBack(restored.files);
  }

  /** The restored message was stored after all. */
  restoreDraft(text: string): void {
    const draft = this.sentDraft.restoredOf(text);
    if (this.composer.draft === draft) this.attachments.files.take();
    this.composer.restoreDraft(draft);
  }

  focus(): void {
    this.composer.focus();
  }

  private createComposer(switches: HTMLElement): Composer {
    const { panel, actions } = this.context;
    const menu = menuButton({
      label: l10n.t('Add Files'),
      icon: 'attach',
      key: 'add-files',
      items: () => [
        { label: l10n.t('Add File…'), run: () => panel.post({ type: 'pickFiles' }) },
        { label: l10n.t('Add Selection'), run: () => panel.post({ type: 'attachSelection' }) },
        { label: l10n.t('Pin File…'), run: () => panel.post({ type: 'pickPin' }) },
      ],
    });
    return new Composer(
      {
        send: (text, now) => this.send(text, now),
        stop: () => actions.stop(),
        edited: (draft, cursor) => this.edited(draft, cursor),
        pasted: (files) => this.attachments.addDropped(files),
        problemIn: (text) => this.problemIn(text),
      },
      this.attachments.node,
      menu,
      switches,
    );
  }

  /** With attachments, a command is text. */
  private problemIn(draft: string): string | undefined {
    return this.attachments.files.all.length === 0 ? this.slash.problemIn(draft) : undefined;
  }

  private send(draft: string, now: boolean): void {
    const { files, sent: attachments } = this.attachments;
    if (files.all.length === 0 && this.slash.problemIn(draft) === undefined && this.slash.runs(draft)) return;
    const text = withTexts(draft, files.texts);
    this.sentDraft.keep({ text, draft, files: this.attachments.take() });
    const { panel, actions } = this.context;
    const withFiles = attachments.length === 0 ? {} : { attachments };
    if (this.state.agent !== undefined) this.startTask({ text, ...withFiles });
    else if (now && this.state.isRunning) panel.post({ type: 'steer', text, ...withFiles });
    else panel.post({ type: 'send', text, ...withFiles, ...(this.state.isRunning ? { queue: true } : {}) });
    actions.sent(text, attachments);
  }

  /** Starts a task with the agent that was chosen. */
  private startTask(message: { text: string; attachments?: Attachment[] }): void {
    const { panel, store } = this.context;
    const { agent, chat } = store.model;
    if (agent === undefined) return;
    const budget = agent.budget === undefined ? {} : { budget: agent.budget };
    const model = agent.model === undefined ? {} : { model: agent.model };
    const place = agent.worktree === undefined ? {} : { worktree: agent.worktree };
    panel.post({ type: 'startTask', templateId: agent.id, ...message, mode: modeOf(chat?.values), ...budget, ...model, ...place });
    store.update({ agent: undefined });
  }

  private edited(draft: string, cursor: number): void {
    const isCommand = this.slash.follow(draft, cursor);
    if (!isCommand) this.slash.forget();
    const isMention = !isCommand && this.mentions.follow(draft, cursor);
    if (!isCommand && !isMention) this.composer.completions.close();
    this.changed();
  }

  private editQueued({ id, text, attachments }: QueuedView): void {
    this.context.panel.post({ type: 'unqueue', queuedId: id });
    this.composer.setDraft(this.draft === '' ? text : `${text}\n${this.draft}`);
    this.attachments.files.restore(attachments.map(attachmentOf));
    this.composer.focus();
  }

  private filesChanged(): void {
    this.showComposer();
    this.changed();
  }

  private changed(): void {
    const { actions } = this.context;
    actions.save();
    if (this.hasImage) actions.redraw();
    this.measure();
  }

  private showComposer(): void {
    const { isRunning, blocked, imageWarning, agent, sent, isReadOnly } = this.state;
    this.attachments.show(isReadOnly, imageWarning);
    this.composer.show({ isRunning, blocked, waitsFor: this.attachments.files.blocked, agent, sent });
  }

  private measure(delay?: number): void {
    const { contextKey, blocked } = this.state;
    const { files, sent: attachments } = this.attachments;
    this.contextRequest.ask(
      { contextKey: blocked === undefined ? contextKey : '', draft: withTexts(this.draft, files.texts), attachments },
      delay,
    );
  }
}

/** Queued files are already allowed. */
function attachmentOf({ path, blob, mediaType, range, mode, kind }: AttachmentView): Attachment {
  if (blob !== undefined && kind === 'image') return { blob, name: path, ...(mediaType === undefined ? {} : { mediaType }) };
  const how = { ...(range === undefined ? {} : { range }), ...(mode === undefined ? {} : { mode }) };
  return { path, ...how, ...(/^(?:[/\\\\]|[a-z]:)/iu.test(path) ? { allowOutside: true } : {}) };
}
