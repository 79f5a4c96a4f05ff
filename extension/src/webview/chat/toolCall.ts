import type { MessagePart } from '../../protocol/protocol.generated';
import { element, setText } from '../shared/element';
import { visibleText } from '../shared/visibleText';
import { Fold } from './fold';

type ToolUse = Extract<MessagePart, { kind: 'toolUse' }>;
export type ToolResult = Extract<MessagePart, { kind: 'toolResult' }>;

/** By the id of the call. */
export type ToolResults = ReadonlyMap<string, ToolResult>;

/** One tool call in one line, open to what went in and what came out. */
export class ToolCall {
  readonly node: HTMLElement;
  private readonly fold: Fold;
  private use: ToolUse | undefined;
  private result: ToolResult | undefined;

  constructor(id: string) {
    this.fold = new Fold(id, (body) => this.fill(body));
    this.fold.node.classList.add('tool-call');
    this.node = this.fold.node;
  }

  /** @param isRunning False once no result can come any more. */
  update(use: ToolUse, result: ToolResult | undefined, isRunning: boolean): void {
    this.use = use;
    this.result = result;
    this.fold.describe(visibleText(use.toolName), visibleText(summaryOf(use.parameters)));
    this.showState(isRunning);
    this.fold.refresh();
  }

  private showState(isRunning: boolean): void {
    const [name, label] =
      this.result === undefined
        ? isRunning
          ? ['loading', 'Running']
          : ['circle-slash', 'Not finished']
        : this.result.error === undefined
          ? ['check', 'Done']
          : ['close', 'Failed'];
    const { trailing } = this.fold;
    if (trailing.firstElementChild?.getAttribute('aria-label') === label) return;
    const spins = name === 'loading' ? ' codicon-modifier-spin' : '';
    trailing.replaceChildren(
      element('span', { class: `codicon codicon-${name}${spins} tool-${name}`, role: 'img', 'aria-label': label, title: label }),
    );
  }

  private fill(body: HTMLElement): void {
    const shown: [string, string][] = [['Input', indented(this.use?.parameters ?? '')]];
    if (this.result?.result !== undefined) shown.push(['Output', this.result.result]);
    if (this.result?.error !== undefined) shown.push(['Error', this.result.error]);
    shown.forEach(([label, text], index) => {
      const section = body.children[index] ?? body.appendChild(sectionFor(label));
      setText(section.children[0] ?? section, label);
      setText(section.children[1] ?? section, visibleText(text));
    });
  }
}

function sectionFor(label: string): HTMLElement {
  return element(
    'div',
    { class: 'tool-section' },
    element('div', { class: 'tool-label' }, label),
    element('pre', { tabindex: 0, role: 'group', 'aria-label': label }),
  );
}

/** The values of the arguments, the first the widest; what is not whole yet is shown as it came. */
export function summaryOf(parameters: string): string {
  const value = parsed(parameters);
  if (typeof value !== 'object' || value === null) return parameters.slice(0, 200);
  return Object.values(value)
    .map((argument) => (typeof argument === 'string' ? argument : JSON.stringify(argument)))
    .join('  ')
    .replace(/\s+/g, ' ')
    .slice(0, 200);
}

function indented(parameters: string): string {
  const value = parsed(parameters);
  return value === undefined ? parameters : JSON.stringify(value, undefined, 2);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // Still streaming, or cut short.
  }
}
