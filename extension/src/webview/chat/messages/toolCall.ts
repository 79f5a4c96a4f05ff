import * as l10n from '@vscode/l10n';
import type { MessagePart, MessageView, TaskView } from '../../../protocol/protocol.generated';
import { element, icon, setText, textButton } from '../../shared/element';
import { Section } from '../../shared/section';
import { formatDuration } from '../../../common/format';
import { isWorking, taskStatusView } from '../../../common/taskStatus';
import { visibleText } from '../../../common/visibleText';
import { changedFile, type RunEdit } from './changedFile';
import { Fold } from './fold';

type ToolUse = Extract<MessagePart, { kind: 'toolUse' }>;
export type ToolResult = Extract<MessagePart, { kind: 'toolResult' }>;

/** By call ID. */
export type ToolResults = ReadonlyMap<string, ToolResult>;

export interface ToolActions {
  /** Opens a chat, a task, or a plan. */
  open(uri: string): void;
  edits: RunEdit;
  /** Stops a subtask and its subtasks. */
  stopTask(uri: string): void;
  /** Stops only this call. */
  stopCall(toolUseId: string): void;
}

/** State of a call besides its request. */
export interface ToolCallState {
  result: ToolResult | undefined;
  /** False if no more result can arrive. */
  isRunning: boolean;
  /** True while the call waits for approval. */
  isAsking: boolean;
  /** Output received so far. */
  output: string;
  /** In milliseconds of the webview's clock; undefined before the call runs or if unknown. */
  runningSince: number | undefined;
  /** The subtask that the call started. */
  child: TaskView | undefined;
  /** Changed files that the user has neither kept nor undone. */
  underReview: readonly string[];
}

interface ToolSection {
  label: string;
  text: string;
  /** True while the tool still writes output. */
  isGrowing?: boolean;
}

/** A tool call in one line that expands to input and output. A command is expanded while it runs. */
export class ToolCall {
  readonly node: HTMLElement;
  private readonly fold: Fold;
  private readonly beside = new Section('div', { class: 'tool-beside' });
  private use: ToolUse | undefined;
  private state: ToolCallState | undefined;
  private shownState = '';
  private readonly stop: HTMLElement;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(
    id: string,
    private readonly actions: ToolActions,
  ) {
    this.fold = new Fold(id, (body) => this.fill(body));
    this.fold.node.classList.add('tool-call');
    this.fold.line.after(this.beside.node);
    this.node = this.fold.node;
    this.stop = textButton(l10n.t('Stop'), () => this.use !== undefined && actions.stopCall(this.use.toolUseId), 'quiet');
    this.stop.hidden = true;
    this.fold.actions.append(this.stop);
  }

  update(use: ToolUse, state: ToolCallState): void {
    this.use = use;
    this.state = state;
    this.fold.describe(visibleText(nameOf(use.toolName)), summaryOf(use.parameters));
    this.showState(state);
    this.showBeside(state);
    const isLive = runningSince(state) !== undefined;
    this.stop.hidden = !isLive;
    this.stop.setAttribute('aria-label', l10n.t('Stop {0}', visibleText(nameOf(use.toolName))));
    if (commandOf(use.parameters) !== undefined) this.fold.open(isLive);
    this.tick(isLive);
    this.fold.refresh();
  }

  private tick(isLive: boolean): void {
    if (isLive === (this.ticking !== undefined)) return;
    clearInterval(this.ticking);
    this.ticking = isLive ? setInterval(() => this.ticked(), 1000) : undefined;
  }

  private ticked(): void {
    if (this.state !== undefined && this.node.isConnected) this.showState(this.state);
    else this.tick(false);
  }

  private showState(state: ToolCallState): void {
    const { result, isRunning, isAsking, child } = state;
    const since = runningSince(state);
    const [name, label] =
      result !== undefined
        ? result.error === undefined
          ? ['check', l10n.t('Done')]
          : ['close', l10n.t('Failed')]
        : isAsking
          ? ['question', l10n.t('Waiting for approval')]
          : isRunning
            ? ['loading', l10n.t('Running')]
            : ['circle-slash', l10n.t('Not finished')];
    const duration =
      since !== undefined && Date.now() - since >= 1000
        ? formatDuration(Date.now() - since)
        : result?.durationMs === undefined
          ? ''
          : durationText(result.durationMs);
    // The line of the subtask shows its state; a check mark here would read as if the subtask had ended.
    const isMarked = child === undefined || isAsking || result?.error !== undefined;
    const key = `${label} ${duration} ${isMarked}`;
    if (key === this.shownState) return;
    this.shownState = key;
    const spins = name === 'loading' ? ' codicon-modifier-spin' : '';
    this.fold.trailing.replaceChildren(
      ...(duration === '' ? [] : [element('span', { class: 'tool-time' }, duration)]),
      ...(isMarked
        ? [element('span', { class: `codicon codicon-${name}${spins} tool-${name}`, role: 'img', 'aria-label': label, title: label })]
        : []),
    );
  }

  /** The started subtask, the written plan, and the changed files. */
  private showBeside({ child, result, underReview }: ToolCallState): void {
    const changes = result?.changes ?? [];
    const isNamed = changes.length === 1 && summaryOf(this.use?.parameters ?? '') === changes[0]?.path;
    const canStop = child !== undefined && result !== undefined && isWorking(child.status);
    const plan = planOf(this.use?.toolName, result);
    this.beside.show([child?.uri, child?.title, child?.status, canStop, plan, changes, underReview], () => [
      ...(child === undefined ? [] : [this.childLine(child, canStop)]),
      ...(plan === undefined ? [] : [this.planLine(plan)]),
      ...changes.map((change) =>
        changedFile(change, { isPending: underReview.includes(change.path), showsPath: !isNamed }, (command, path) =>
          this.actions.edits(command, path),
        ),
      ),
    ]);
  }

  /** @param canStop False while the call itself can be stopped. */
  private childLine({ uri, title, status }: TaskView, canStop: boolean): HTMLElement {
    const { icon: drawn, words } = taskStatusView(status);
    const open = textButton(visibleText(title), () => this.actions.open(uri), 'quiet');
    open.dataset['key'] = 'open';
    open.dataset['fallback'] = '';
    const stop = textButton(l10n.t('Stop'), () => this.actions.stopTask(uri), 'quiet');
    stop.dataset['key'] = 'stop';
    stop.setAttribute('aria-label', l10n.t('Stop {0}', visibleText(title)));
    const mark = icon(drawn);
    if (drawn === 'loading') mark.classList.add('codicon-modifier-spin');
    return element('div', { class: 'tool-child' }, mark, open, element('span', { class: 'quiet' }, words), canStop ? stop : undefined);
  }

  private planLine(uri: string): HTMLElement {
    const open = textButton(l10n.t('Open Plan'), () => this.actions.open(uri), 'quiet');
    open.dataset['key'] = 'plan';
    return element('div', { class: 'tool-child' }, icon('list-ordered'), open);
  }

  private fill(body: HTMLElement): void {
    const { result, output = '' } = this.state ?? {};
    const command = commandOf(this.use?.parameters ?? '');
    body.classList.toggle('terminal', command !== undefined);
    const shown: ToolSection[] = [
      command === undefined
        ? { label: l10n.t('Input'), text: indented(this.use?.parameters ?? '') }
        : { label: l10n.t('Command'), text: `$ ${command}` },
    ];
    if (result === undefined && output !== '') shown.push({ label: l10n.t('Output so far'), text: output, isGrowing: true });
    if (result?.result !== undefined) shown.push({ label: l10n.t('Output'), text: result.result });
    if (result?.error !== undefined) shown.push({ label: l10n.t('Error'), text: result.error });
    shown.forEach(({ label, text, isGrowing = false }, index) => {
      const section = body.children[index] ?? body.appendChild(sectionFor(label));
      setText(section.children[0] ?? section, label);
      const words = section.children[1];
      const isAtEnd = words !== undefined && words.scrollHeight - words.scrollTop - words.clientHeight < 24;
      setText(words ?? section, visibleText(text));
      // Scrolls running output to its end, unless the user scrolled up.
      if (isGrowing && isAtEnd) words.scrollTop = words.scrollHeight;
    });
    for (const late of [...body.children].slice(shown.length)) late.remove();
  }
}

/** Returns the URI of the plan that a call of write_plan stored. */
function planOf(toolName: string | undefined, result: ToolResult | undefined): string | undefined {
  if (toolName === undefined || !/(?:^|[_.-])write_plan$/u.test(toolName)) return undefined;
  return /codex:\/\/items\/[\w.-]*\w/u.exec(result?.result ?? '')?.[0];
}

/** Returns the files that the calls of a message changed. */
export function changedPaths({ parts }: Pick<MessageView, 'parts'>): string[] {
  return parts.flatMap((part) => (part.kind === 'toolResult' ? (part.changes ?? []).map(({ path }) => path) : []));
}

function durationText(ms: number): string {
  return ms < 1000 ? l10n.t('{0} ms', Math.max(1, Math.round(ms))) : formatDuration(ms);
}

function sectionFor(label: string): HTMLElement {
  return element(
    'div',
    { class: 'tool-section' },
    element('div', { class: 'tool-label' }, label),
    element('pre', { tabindex: 0, role: 'group', 'aria-label': label }),
  );
}

/** Returns the name of an MCP tool as in templates: `SERVER/TOOL`. Server names contain no consecutive underscores. */
function nameOf(toolName: string): string {
  return toolName.startsWith('mcp__') ? toolName : toolName.replace('__', '/');
}

/** Undefined unless the call runs now and does not wait for the user. */
function runningSince({ result, isRunning, isAsking, runningSince: since }: ToolCallState): number | undefined {
  return result === undefined && isRunning && !isAsking ? since : undefined;
}

/** Returns the command of a call that runs one. */
function commandOf(parameters: string): string | undefined {
  const value = parsed(parameters);
  const command: unknown = typeof value === 'object' && value !== null && 'command' in value ? value.command : undefined;
  return typeof command === 'string' ? command : undefined;
}

/** Parameters that best describe a call, in order of preference. */
const mainNames = ['command', 'file_path', 'path', 'pattern', 'query', 'url', 'goal'] as const;

/** Content of files is shown in the call or in the review instead. */
const contents = /^(?:old|new|content|text)/u;

/** Returns one line that describes a call; incomplete arguments are shown as received. */
export function summaryOf(parameters: string): string {
  const value = parsed(parameters);
  if (typeof value !== 'object' || value === null) return visibleText(parameters.slice(0, 200));
  const given = new Map<string, unknown>(Object.entries(value));
  const main = mainNames.find((name) => typeof given.get(name) === 'string');
  const words =
    main === undefined
      ? [...given].map(namedText)
      : [
          asText(given.get(main)),
          ...[...given].flatMap(([name, argument]) =>
            name !== main && !contents.test(name) && isShort(argument) ? [namedText([name, argument])] : [],
          ),
        ];
  return visibleText(words.join('  ')).replace(/\s+/g, ' ').slice(0, 200);
}

function isShort(argument: unknown): boolean {
  const words = asText(argument);
  return words.length <= 60 && !words.includes('\n');
}

/** Numbers and true or false mean nothing without their name. */
function namedText([name, argument]: [string, unknown]): string {
  return typeof argument === 'number' || typeof argument === 'boolean' ? `${name} ${argument}` : asText(argument);
}

/** Returns arguments as text: `usd 0.2, rounds 3`; nested values only as a number of entries. */
function asText(argument: unknown): string {
  if (typeof argument === 'string') return argument;
  if (typeof argument !== 'object' || argument === null) return JSON.stringify(argument) ?? '';
  const parts: [string, unknown][] = Array.isArray(argument) ? argument.map((part) => ['', part]) : Object.entries(argument);
  return parts.some(([, part]) => typeof part === 'object')
    ? `(${parts.length})`
    : parts.map(([name, part]) => `${name} ${String(part)}`.trim()).join(', ');
}

function indented(parameters: string): string {
  const value = parsed(parameters);
  return value === undefined ? parameters : JSON.stringify(value, undefined, 2);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // still streaming, or truncated
  }
}
