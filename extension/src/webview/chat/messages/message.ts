// A message as an article element. Its parts keep their elements while they grow.
import * as l10n from '@vscode/l10n';
import type { HookRunView, MessagePart, MessageView, TaskView } from '../../../protocol/protocol.generated';
import { copyButton, element, iconButton, setText } from '../../shared/element';
import { openMenuAt, menuButton, type MenuItem } from '../../shared/menu';
import { splitTexts } from '../../../common/attachedTexts';
import { formatInteger } from '../../../common/format';
import { visibleText } from '../../../common/visibleText';
import { Fold } from './fold';
import { BranchSwitch } from './branchSwitch';
import type { Timing } from '../state/chatState';
import type { CodeActions } from './codeBlock';
import { CompactionLine } from './compaction';
import { detailsTable } from './details';
import type { FailedProvider, Remedies } from './failure';
import { MessageEnding } from './messageEnding';
import { FiguresLine, figuresOf } from './messageFigures';
import { HookLines, hookSentence } from './hookLines';
import { MarkdownView } from './markdownView';
import { MessageEditor } from './messageEditor';
import { MessageFile, type FileActions } from './messageFile';
import { Reasoning } from './reasoning';
import type { Rounds } from './rounds';
import { ToolCall, type ToolActions, type ToolResults } from './toolCall';

/** Information that is not in the message itself. */
export interface MessageContext {
  timing: Timing | undefined;
  results: ToolResults;
  /** Output of running tools, by call ID. */
  outputs: ReadonlyMap<string, string>;
  runningSince: ReadonlyMap<string, number>;
  /** IDs of calls that wait for approval. */
  asking: readonly string[];
  /** Subtasks by call ID. */
  children: readonly (readonly [toolUseId: string, task: TaskView])[];
  /** Paths of changed files that the user has neither kept nor undone. */
  underReview: readonly string[];
  /** The response that this round belongs to. */
  rounds: Rounds;
  /** True for the last message, if nothing is running and the chat is writable. */
  canContinue: boolean;
  /** True if nothing is running and the chat is writable. */
  canChange: boolean;
  /** True while this turn is running: a tool without a result is then also running. */
  isRunning: boolean;
  provider: FailedProvider | undefined;
  /** Shown above the response: how the instructions changed. */
  instructionsChange: string | undefined;
  /** Shown below the response, for example that the model declined. */
  note: string | undefined;
}

export interface MessageActions extends CodeActions, FileActions, ToolActions {
  /** Returns the text of a response with all its rounds. */
  wholeText(messageId: string): string;
  retry(messageId: string, goOn: boolean): void;
  /** Asks the user for a model before retrying. */
  retryWith(messageId: string): void;
  edit(messageId: string, text: string): void;
  fork(messageId: string): void;
  /** @param before Earlier rounds of the response. */
  discard(messageId: string, before: readonly string[]): void;
  remove(messageId: string, before: readonly string[]): void;
  switchBranch(messageId: string): void;
  /** @param hasRounds True if the response has earlier rounds and can continue from them. */
  remediesFor(message: MessageView, hasRounds: boolean): Remedies;
}

export class Message {
  readonly node: HTMLElement;
  private readonly body = element('div', { class: 'message-body' });
  private readonly instructions = element('div', { class: 'instructions-change', hidden: true });
  /** Hooks that ran before and after the message. Those of a call are shown below the call. */
  private readonly hooks = { before: new HookLines(), after: new HookLines() };
  private readonly figures = new FiguresLine();
  private readonly buttons: Readonly<Record<'copy' | 'retry' | 'edit' | 'details' | 'more', HTMLButtonElement>>;
  private readonly branch: BranchSwitch;
  private readonly ending: MessageEnding;
  private readonly compaction: CompactionLine | undefined;
  private details: HTMLElement | undefined;
  private editor: MessageEditor | undefined;
  private parts: ShownPart[] = [];
  private message: MessageView;
  private context: MessageContext | undefined;

  constructor(
    message: MessageView,
    private readonly actions: MessageActions,
  ) {
    this.message = message;
    const isQuestion = message.role === 'user';
    this.buttons = {
      copy: copyButton(isQuestion ? l10n.t('Copy Message') : l10n.t('Copy Response'), () => actions.copy(this.text())),
      retry: iconButton('refresh', l10n.t('Retry'), () => actions.retry(this.firstId(), false)),
      edit: iconButton('edit', l10n.t('Edit Message'), () => this.edit()),
      details: iconButton('info', l10n.t('Details'), () => this.toggleDetails()),
      more: menuButton({ label: l10n.t('More Actions'), key: `more-${message.id}`, items: () => this.menu() }),
    };
    this.buttons.details.classList.add('details-button');
    this.buttons.details.setAttribute('aria-expanded', 'false');
    const { copy, retry, edit, details, more } = this.buttons;
    this.branch = new BranchSwitch((id) => actions.switchBranch(id));
    this.ending = new MessageEnding(actions);
    this.node = element('article', { class: `message ${message.role}`, 'data-message-id': message.id, tabindex: -1 });
    this.node.addEventListener('contextmenu', (event) => this.openMenu(event));
    if (message.compaction !== undefined) {
      this.compaction = new CompactionLine(`${message.id}-summary`, actions);
      this.node.className = 'message compacted';
      this.node.append(this.compaction.node);
    } else if (isQuestion) {
      const tools = element('div', { class: 'message-tools' }, edit, copy, more, this.branch.node);
      const sender = message.hooks?.[0] === undefined ? l10n.t('You') : hookSentence(message.hooks[0]);
      this.node.append(element('div', { class: 'message-header' }, element('span', { class: 'sender' }, sender), tools), this.body);
    } else {
      const footer = element('div', { class: 'message-footer' }, this.branch.node, copy, retry, details, more, this.figures.node);
      this.node.append(this.instructions, this.hooks.before.node, this.body, this.hooks.after.node, this.ending.node, footer);
    }
  }

  /** True while the user edits the message. */
  get isEditing(): boolean {
    return this.editor !== undefined;
  }

  update(message: MessageView, context: MessageContext): void {
    this.message = message;
    this.context = context;
    this.node.setAttribute('aria-label', labelOf(message));
    this.node.classList.toggle('streaming', message.status === 'streaming');
    if (this.compaction !== undefined && message.compaction !== undefined) {
      this.compaction.update(message.compaction, textOf(message));
      return;
    }
    this.instructions.hidden = context.instructionsChange === undefined;
    setText(this.instructions, visibleText(context.instructionsChange ?? ''));
    this.showParts(message, context);
    const hooks = (message.hooks ?? []).filter(({ toolUseId }) => toolUseId === undefined);
    this.hooks.before.update(hooks.filter(({ trigger }) => isStart(trigger)));
    this.hooks.after.update(hooks.filter(({ trigger }) => !isStart(trigger)));
    const hasText = context.rounds.hasText || textOf(message) !== '';
    this.node.classList.toggle('continues', context.rounds.continues);
    this.node.classList.toggle('continued', context.rounds.before.length > 0);
    this.buttons.copy.hidden = !hasText;
    this.buttons.edit.hidden = !context.canChange;
    this.buttons.details.hidden = message.role === 'user' || message.status === 'streaming';
    this.branch.show(message, context.canChange);
    // Model name and time would be confusing for a response that never started.
    const isEmpty = (message.status === 'failed' && !hasText) || (message.status === 'stopped' && message.parts.length === 0);
    this.figures.show(message.status === 'streaming' || isEmpty ? [] : figuresOf(this.summed(), context.timing));
    this.buttons.retry.hidden = !context.canChange || message.status !== 'complete';
    this.ending.show(message, context);
    if (this.details !== undefined) this.showDetails();
  }

  private firstId(): string {
    return this.context?.rounds.before[0] ?? this.message.id;
  }

  private text(): string {
    return this.message.role === 'assistant' ? this.actions.wholeText(this.message.id) : textOf(this.message);
  }

  /** Returns the message with the totals of all rounds. */
  private summed(): MessageView {
    const { usage, cost, timing } = this.context?.rounds ?? {};
    return {
      ...this.message,
      ...(usage === undefined ? {} : { usage }),
      ...(cost === undefined ? {} : { cost }),
      ...(timing === undefined ? {} : { timing }),
    };
  }

  // User actions

  private menu(): MenuItem[] {
    const { id, role, status } = this.message;
    const canChange = this.context?.canChange === true;
    const isQuestion = role === 'user';
    const items: (MenuItem | false)[] = [
      this.text() !== '' && {
        label: isQuestion ? l10n.t('Copy Message') : l10n.t('Copy Response'),
        run: () => this.actions.copy(this.text()),
      },
      canChange && isQuestion && { label: l10n.t('Edit…'), run: () => this.edit() },
      canChange && { label: isQuestion ? l10n.t('Resend') : l10n.t('Retry'), run: () => this.actions.retry(this.firstId(), false) },
      canChange && {
        label: isQuestion ? l10n.t('Resend with Another Model…') : l10n.t('Retry with Another Model…'),
        run: () => this.actions.retryWith(this.firstId()),
      },
      !isQuestion &&
        status !== 'streaming' && {
          label: this.details === undefined ? l10n.t('Show Details') : l10n.t('Hide Details'),
          run: () => this.toggleDetails(),
        },
      status !== 'streaming' && { label: l10n.t('Fork from Here'), run: () => this.actions.fork(id) },
      canChange && { label: l10n.t('Delete'), run: () => this.actions.remove(id, this.context?.rounds.before ?? []) },
    ];
    return items.filter((item) => item !== false);
  }

  private openMenu(event: MouseEvent): void {
    // Selected text, inputs, and links use the editor's context menu.
    if (event.target instanceof Element && event.target.closest('a, input, textarea, img') !== null) return;
    if (this.compaction !== undefined || document.getSelection()?.isCollapsed === false) return;
    event.preventDefault();
    const owner = event.target instanceof HTMLElement && event.target.closest('button') !== null ? event.target : this.node;
    const { left, top } = this.node.getBoundingClientRect();
    // The menu key has no pointer position.
    const isByKey = event.clientX === 0 && event.clientY === 0;
    openMenuAt(
      isByKey ? { x: left + 12, y: Math.max(8, top + 28) } : { x: event.clientX, y: event.clientY },
      owner,
      l10n.t('Message actions'),
      this.menu(),
    );
  }

  private edit(): void {
    if (this.editor !== undefined) return;
    const close = (): void => {
      this.editor?.node.replaceWith(this.body);
      this.editor = undefined;
      this.node.classList.remove('editing');
      // The button is hidden while a response arrives.
      (this.buttons.edit.hidden ? this.node : this.buttons.edit).focus({ preventScroll: true });
    };
    const send = (text: string): void => {
      close();
      this.actions.edit(this.message.id, text);
    };
    this.editor = new MessageEditor(textOf(this.message), send, close);
    this.node.classList.add('editing');
    this.body.replaceWith(this.editor.node);
    this.editor.focus();
  }

  private toggleDetails(): void {
    this.buttons.details.setAttribute('aria-expanded', String(this.details === undefined));
    if (this.details === undefined) {
      this.showDetails().scrollIntoView?.({ block: 'nearest' });
      return;
    }
    this.details.remove();
    this.details = undefined;
  }

  private showDetails(): HTMLElement {
    const table = detailsTable(this.summed(), this.context?.timing, (text) => this.actions.copy(text));
    this.details?.remove();
    this.details = table;
    this.node.append(table);
    return table;
  }

  private showParts(message: MessageView, context: MessageContext): void {
    const shown = message.parts.filter((part) => part.kind !== 'toolResult');
    shown.forEach((part, index) => {
      let view = this.parts[index];
      if (view === undefined || view.kind !== part.kind) {
        for (const late of this.parts.splice(index)) late.node.remove();
        view = this.partFor(part, index);
        this.parts.push(view);
        this.body.append(view.node);
      }
      const isOpen = message.status === 'streaming' && index === shown.length - 1;
      view.update(part, isOpen, context);
    });
    for (const late of this.parts.splice(shown.length)) late.node.remove();
  }

  private partFor(part: MessagePart, index: number): ShownPart {
    const id = `${this.message.id}-${index}`;
    switch (part.kind) {
      case 'text':
        return this.message.role === 'user' ? plainText(id) : markdownText(this.actions);
      case 'reasoning':
        return reasoning(new Reasoning(id, this.actions));
      case 'toolUse':
        return toolCall(new ToolCall(id, this.actions), () => this.message.hooks ?? []);
      case 'file':
        return file(new MessageFile(this.actions));
      case 'toolResult':
        throw new Error('A result is shown with its call.');
    }
  }
}

interface ShownPart {
  kind: MessagePart['kind'];
  node: HTMLElement;
  update(part: MessagePart, isOpen: boolean, context: MessageContext): void;
}

/** Attached texts can be long, so they are collapsed. */
function plainText(id: string): ShownPart {
  const written = element('div', { class: 'plain-text' });
  const folds = element('div', { class: 'attached-texts' });
  let shown: string | undefined;
  const show = (content: string): void => {
    if (content === shown) return;
    shown = content;
    const { draft, texts } = splitTexts(content);
    setText(written, visibleText(draft));
    folds.replaceChildren(
      ...texts.map(({ name, text }, at) => {
        const fold = new Fold(`${id}-text-${at}`, (body) => body.replaceChildren(element('pre', { tabindex: 0 }, visibleText(text))));
        fold.describe(visibleText(name), l10n.t('{0} characters', formatInteger(text.length)));
        return fold.node;
      }),
    );
  };
  return { kind: 'text', node: element('div', {}, written, folds), update: (part) => part.kind === 'text' && show(part.content) };
}

function markdownText(actions: CodeActions): ShownPart {
  const view = new MarkdownView(actions);
  return { kind: 'text', node: view.node, update: (part, isOpen) => part.kind === 'text' && view.update(part.content, !isOpen) };
}

function reasoning(view: Reasoning): ShownPart {
  return {
    kind: 'reasoning',
    node: view.node,
    update: (part, isOpen, { timing }) => {
      if (part.kind !== 'reasoning') return;
      const { reasoningStartedAt: from, reasoningEndedAt: to } = timing ?? {};
      view.update(part.content, isOpen, from === undefined || to === undefined ? undefined : to - from);
    },
  };
}

function toolCall(view: ToolCall, hooksOf: () => readonly HookRunView[]): ShownPart {
  const hooks = new HookLines();
  return {
    kind: 'toolUse',
    node: element('div', {}, view.node, hooks.node),
    update: (part, _isOpen, { results, isRunning, outputs, runningSince, asking, children, underReview }) => {
      if (part.kind !== 'toolUse') return;
      const { toolUseId } = part;
      hooks.update(hooksOf().filter((run) => run.toolUseId === toolUseId));
      view.update(part, {
        result: results.get(toolUseId),
        isRunning,
        isAsking: asking.includes(toolUseId),
        output: outputs.get(toolUseId) ?? '',
        runningSince: runningSince.get(toolUseId),
        child: children.find(([id]) => id === toolUseId)?.[1],
        underReview,
      });
    },
  };
}

function file(view: MessageFile): ShownPart {
  return { kind: 'file', node: view.node, update: (part) => part.kind === 'file' && view.update(part) };
}

function isStart(trigger: string): boolean {
  return trigger === 'session_start' || trigger === 'user_message';
}

function labelOf(message: MessageView): string {
  if (message.compaction !== undefined) return l10n.t('Summary of earlier messages');
  if (message.role === 'user') return message.hooks?.[0] === undefined ? l10n.t('Your message') : hookSentence(message.hooks[0]);
  const model = message.providerInfo?.modelId ?? message.providerInfo?.providerName;
  return model === undefined ? l10n.t('Response') : visibleText(l10n.t('Response from {0}', model));
}

export function textOf(message: MessageView): string {
  return message.parts.flatMap((part) => (part.kind === 'text' ? [part.content] : [])).join('\n\n');
}
