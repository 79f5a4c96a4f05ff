// The input for messages. The draft survives a reload, a rejected message, and a stopped sidecar.
import * as l10n from '@vscode/l10n';
import type { PromptArgumentView } from '../../../protocol/protocol.generated';
import { element, icon, setText, textButton } from '../../shared/element';
import { CompletionList } from './completionList';
import type { Token } from './mention';
import { PromptStops } from './promptStops';
import { SentHistory } from './sentHistory';

export interface ComposerActions {
  /** `now`: does not wait for the running response. */
  send(text: string, now: boolean): void;
  stop(): void;
  /** The draft or the position of the cursor changed. */
  edited(draft: string, cursor: number): void;
  pasted(files: File[]): void;
  /** The reason for a warning before the draft is sent; sending again ignores it. */
  problemIn(text: string): string | undefined;
}

export interface ComposerState {
  isRunning: boolean;
  /** Why nothing can be sent now; the draft can still be written. */
  blocked: string | undefined;
  /** The reason why the message cannot be sent now, shown under the draft. */
  waitsFor: string | undefined;
  /** Name of the agent that gets the message as the goal of a task. */
  agent: string | undefined;
  /** Messages sent in this chat, oldest first. */
  sent: readonly string[];
}

const maxLines = 12;
const isMac = typeof navigator !== 'undefined' && /Mac/u.test(navigator.platform);
const withControl = isMac ? '⌘' : l10n.t('Ctrl+');

export class Composer {
  readonly node: HTMLElement;
  readonly completions: CompletionList;
  private readonly input: HTMLTextAreaElement;
  private readonly sendButton: HTMLButtonElement;
  private readonly stopButton: HTMLButtonElement;
  private readonly hint = element('span', { id: 'composer-hint', class: 'hint' });
  private readonly hintText = element('span');
  private readonly bringBack: HTMLButtonElement;
  private readonly sendAnyway: HTMLButtonElement;
  private readonly history = new SentHistory(() => this.state.sent);
  private state: ComposerState = { isRunning: false, blocked: undefined, waitsFor: undefined, agent: undefined, sent: [] };
  /** The cleared draft, until something else is typed. */
  private cleared: string | undefined;
  /** A draft that was not sent, and the reason. */
  private held: { text: string; why: string } | undefined;
  private readonly stops = new PromptStops();

  /**
   * @param chips Shown above the draft, in its box.
   * @param menu Adds to the draft.
   * @param switches Who gets the draft, and how.
   */
  constructor(
    private readonly actions: ComposerActions,
    chips: HTMLElement,
    menu: HTMLElement,
    switches: HTMLElement,
  ) {
    this.input = element('textarea', {
      rows: 1,
      'aria-label': l10n.t('Message'),
      'aria-describedby': 'composer-hint',
    });
    this.completions = new CompletionList(this.input);
    this.sendButton = element('button', { type: 'button', class: 'icon-button send' }, icon('send'));
    this.sendButton.addEventListener('click', () => this.send(false));
    this.stopButton = element(
      'button',
      { type: 'button', class: 'icon-button stop', 'aria-label': l10n.t('Stop (Escape)'), title: l10n.t('Stop (Escape)'), hidden: true },
      icon('debug-stop'),
    );
    this.stopButton.addEventListener('click', () => {
      this.actions.stop();
      this.input.focus();
    });
    this.bringBack = textButton(l10n.t('Undo'), () => this.undoClear(), 'quiet');
    this.sendAnyway = textButton(l10n.t('Send as Text'), () => this.send(false), 'quiet');
    this.listen();
    this.hint.append(this.hintText, this.bringBack, this.sendAnyway);
    const tools = element('div', { class: 'composer-tools' }, menu, switches, this.sendButton, this.stopButton);
    const box = element('div', { class: 'composer-box' }, chips, this.input, tools);
    this.node = element('div', { class: 'composer' }, this.completions.node, box, this.hint);
    this.show(this.state);
  }

  private listen(): void {
    this.input.addEventListener('input', () => this.changed());
    this.input.addEventListener('keydown', (event) => this.pressed(event));
    this.input.addEventListener('keyup', (event) => event.key.startsWith('Arrow') && this.follow());
    this.input.addEventListener('click', () => this.follow());
    this.input.addEventListener('paste', (event) => this.pasted(event));
  }

  show(state: ComposerState): void {
    this.state = state;
    const send =
      state.agent !== undefined ? l10n.t('Start Task (Enter)') : state.isRunning ? l10n.t('Queue (Enter)') : l10n.t('Send (Enter)');
    const label = state.blocked ?? state.waitsFor ?? send;
    this.input.placeholder =
      state.agent === undefined
        ? l10n.t('Ask, or type / for prompts, @ for files')
        : l10n.t('Describe the goal and how to tell it’s done. {0} starts on it.', state.agent);
    this.sendButton.setAttribute('aria-label', label);
    this.sendButton.title = label;
    // Not `disabled`: the focus would be lost when a turn ends under the reader's finger.
    this.sendButton.setAttribute('aria-disabled', String(!this.canSend()));
    this.stopButton.hidden = !state.isRunning;
    this.hint.classList.toggle('waits', state.waitsFor !== undefined || this.held !== undefined);
    this.sendAnyway.hidden = this.held === undefined;
    this.bringBack.hidden = this.cleared === undefined;
    setText(this.hintText, this.hintNow());
    this.hint.classList.toggle('visually-hidden', !this.isHintWorthItsLine());
  }

  get draft(): string {
    return this.input.value;
  }

  /** Shows no completions for restored text. */
  setDraft(draft: string): void {
    this.input.value = draft;
    this.changed(0);
  }

  /** Inserts a prompt before the draft; Tab moves through its arguments. */
  putPrompt(text: string, args: readonly PromptArgumentView[]): void {
    this.stops.begin(args);
    this.setDraft(this.draft === '' ? text : `${text}\n${this.draft}`);
    this.input.focus();
    this.input.setSelectionRange(0, 0);
    if (!this.toStop(false)) this.input.setSelectionRange(this.draft.length, this.draft.length);
  }

  /** Inserts a rejected message before the current draft. */
  giveBack(text: string): void {
    if (this.draft.includes(text)) return;
    this.setDraft(this.draft === '' ? text : `${text}\n${this.draft}`);
  }

  /** Removes the text that {@link giveBack} inserted. */
  restoreDraft(text: string): void {
    if (this.draft === text) this.setDraft('');
    else if (this.draft.startsWith(`${text}\n`)) this.setDraft(this.draft.slice(text.length + 1));
  }

  /** Replaces a mention or command and moves the cursor behind it. */
  replace({ start, end }: Token, text: string): void {
    this.input.setRangeText(text, start, end, 'end');
    this.changed();
  }

  focus(): void {
    this.input.focus();
  }

  private canSend(): boolean {
    const { blocked, waitsFor } = this.state;
    return blocked === undefined && waitsFor === undefined && this.draft.trim() !== '';
  }

  private send(now: boolean): void {
    if (!this.canSend()) return;
    const { text, missing } = this.stops.finish(this.draft.trim());
    this.completions.close();
    const why = missing === undefined ? this.actions.problemIn(text) : l10n.t('{0} is empty. Send anyway?', missing.argument.name);
    if (why !== undefined && this.held?.text !== this.draft) {
      this.held = { text: this.draft, why };
      this.show(this.state);
      this.input.focus();
      return;
    }
    this.stops.begin([]);
    this.setDraft('');
    this.actions.send(text, now);
  }

  private pressed(event: KeyboardEvent): void {
    const isComposing = event.isComposing || event.keyCode === 229;
    if (isComposing || this.completions.pressed(event)) return;
    const withControlKey = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
    const letter = event.key.toLowerCase();
    if (event.key === 'Tab' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (!this.toStop(event.shiftKey)) return;
    } else if (event.key === 'Enter' && !event.shiftKey) {
      this.send(event.ctrlKey || event.metaKey);
    } else if (letter === 'k' && withControlKey) {
      event.stopPropagation();
      this.clear();
    } else if (letter === 'z' && withControlKey && this.cleared !== undefined) {
      event.stopPropagation();
      this.undoClear();
    } else if (!(isPlain && this.walk(event.key))) {
      return;
    }
    event.preventDefault();
  }

  /** Selects the next empty argument. */
  private toStop(backwards: boolean): boolean {
    const { selectionStart: start, selectionEnd: end } = this.input;
    const stop = this.stops.next(this.draft, { start, end }, backwards);
    if (stop === undefined) return false;
    this.input.setSelectionRange(stop.start, stop.end);
    this.show(this.state);
    return true;
  }

  /** Up in an empty composer shows earlier messages; Down shows later ones. */
  private walk(key: string): boolean {
    const text = key === 'ArrowUp' ? this.history.older(this.draft) : key === 'ArrowDown' ? this.history.newer(this.draft) : undefined;
    if (text === undefined) return false;
    this.setDraft(text);
    this.input.setSelectionRange(text.length, text.length);
    return true;
  }

  private clear(): void {
    const { draft } = this;
    this.setDraft('');
    if (draft !== '') this.cleared = draft;
    this.show(this.state);
  }

  private undoClear(): void {
    const draft = this.cleared ?? '';
    this.setDraft(draft);
    this.input.focus();
  }

  /** An image alone becomes a file beside the draft; with text, as from a spreadsheet, the text is meant. */
  private pasted(event: ClipboardEvent): void {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0 || (event.clipboardData?.getData('text/plain') ?? '') !== '') return;
    event.preventDefault();
    this.actions.pasted(files);
  }

  /** @param cursor Position for completions. */
  private changed(cursor = this.input.selectionStart): void {
    this.cleared = undefined;
    if (this.held?.text !== this.draft) this.held = undefined;
    this.grow();
    this.show(this.state);
    this.follow(cursor);
  }

  private follow(cursor = this.input.selectionStart): void {
    // No completions in a restored draft before it is edited.
    const isBack = this.draft !== '' && this.history.isWalking(this.draft);
    this.actions.edited(this.draft, isBack ? 0 : cursor);
  }

  private hintNow(): string {
    const { isRunning, waitsFor, agent } = this.state;
    if (this.cleared !== undefined) return l10n.t('The draft was cleared.');
    if (waitsFor !== undefined) return `${waitsFor}.`;
    if (this.held !== undefined) return this.held.why;
    const toFillIn = this.stops.words(this.draft, this.input.selectionStart);
    if (toFillIn !== undefined) return toFillIn;
    if (this.history.isWalking(this.draft) && this.draft !== '')
      return l10n.t('Sent message. Use Up and Down for others, Enter to send again.');
    if (agent !== undefined) return l10n.t('Enter to start the task, Shift+Enter for a new line');
    if (isRunning) return l10n.t('Enter to queue, {0}Enter to send now, Esc to stop', withControl);
    return l10n.t('Enter to send, Shift+Enter for a new line, hold Shift to drop files');
  }

  /** What the user knows after the first message takes no line. */
  private isHintWorthItsLine(): boolean {
    const { isRunning, waitsFor, agent } = this.state;
    const isAboutDraft = this.cleared !== undefined || waitsFor !== undefined || this.held !== undefined || agent !== undefined;
    const isWalking = this.draft !== '' && this.history.isWalking(this.draft);
    if (isAboutDraft || isWalking || this.stops.words(this.draft, this.input.selectionStart) !== undefined) return true;
    return isRunning ? this.draft !== '' : this.state.sent.length === 0;
  }

  private grow(): void {
    this.input.style.height = 'auto';
    const line = Number.parseFloat(getComputedStyle(this.input).lineHeight) || 18;
    const padding = this.input.offsetHeight - this.input.clientHeight + 12;
    this.input.style.height = `${Math.min(this.input.scrollHeight, line * maxLines + padding)}px`;
  }
}
