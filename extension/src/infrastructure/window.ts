// The only way to show text in VS Code's user interface. VS Code turns `[text](command:…)` into a link and `$(name)` into an icon in most
// places, and a click on such a link runs the command, so all text is escaped here. ESLint forbids the raw API everywhere else.
import * as vscode from 'vscode';
import { visibleText } from '../common/visibleText';
import * as l10n from './localizedText';
import type { LocalizedText } from './localizedText';

declare const literal: unique symbol;

/** Text in which VS Code finds no links or icons. */
export type LiteralText = string & { readonly [literal]: true };

/** Separates `](` and `$(` with a word joiner, which has no width: no other escape works everywhere in VS Code. */
export function literalText(text: string): LiteralText;
export function literalText(text: string): string {
  return visibleText(text).replace(/[\]$](?=\()/g, '$&\u2060');
}

/** Like {@link literalText}, for text on one line. */
export function literalLine(text: string): LiteralText {
  return literalText(text.replace(/\s*[\r\n\t\v\f\u2028\u2029]\s*/g, ' ').trim());
}

export interface MessageOptions {
  modal?: boolean;
  /** May have several lines. */
  detail?: string;
}

type MessageArguments = readonly LocalizedText[] | readonly [options: MessageOptions, ...buttons: LocalizedText[]];
type ShowMessage = (message: string, options: vscode.MessageOptions, ...buttons: string[]) => Thenable<string | undefined>;

/** Resolves to the selected button. */
export function showInformationMessage(message: LocalizedText, ...rest: MessageArguments): Promise<LocalizedText | undefined> {
  return showMessage(vscode.window.showInformationMessage, message, rest);
}

export function showWarningMessage(message: LocalizedText, ...rest: MessageArguments): Promise<LocalizedText | undefined> {
  return showMessage(vscode.window.showWarningMessage, message, rest);
}

export function showErrorMessage(message: LocalizedText, ...rest: MessageArguments): Promise<LocalizedText | undefined> {
  return showMessage(vscode.window.showErrorMessage, message, rest);
}

async function showMessage(
  show: ShowMessage,
  message: LocalizedText,
  rest: readonly (LocalizedText | MessageOptions)[],
): Promise<LocalizedText | undefined> {
  const [first] = rest;
  const { detail, ...options } = typeof first === 'object' ? first : {};
  const buttons = rest.filter(isButton);
  const labels = buttons.map(literalLine);
  const chosen = await show(
    literalLine(message),
    { ...options, ...(detail === undefined ? {} : { detail: literalText(detail) }) },
    ...labels,
  );
  return buttons.find((_, index) => labels[index] === chosen);
}

function isButton(part: LocalizedText | MessageOptions): part is LocalizedText {
  return typeof part === 'string';
}

export interface ProgressOptions {
  location: vscode.ProgressLocation | { viewId: string };
  title: LocalizedText;
  cancellable?: boolean;
}

export interface ProgressStep {
  message?: LocalizedText;
  increment?: number;
}

export function withProgress<T>(
  { title, ...options }: ProgressOptions,
  task: (progress: vscode.Progress<ProgressStep>, token: vscode.CancellationToken) => Thenable<T>,
): Thenable<T> {
  return vscode.window.withProgress({ ...options, title: literalLine(title) }, (progress, token) =>
    task(
      {
        report: ({ message, ...step }) => progress.report({ ...step, ...(message === undefined ? {} : { message: literalLine(message) }) }),
      },
      token,
    ),
  );
}

export interface InputBoxOptions extends Omit<vscode.InputBoxOptions, 'title' | 'prompt' | 'placeHolder' | 'validateInput'> {
  title?: LocalizedText;
  prompt?: LocalizedText;
  placeHolder?: LocalizedText;
  validateInput?: (value: string) => LocalizedText | undefined;
}

export function showInputBox({ title, prompt, placeHolder, validateInput, ...options }: InputBoxOptions): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    ...options,
    ...literals({ title, prompt, placeHolder }),
    ...(validateInput === undefined
      ? {}
      : {
          validateInput: (value) => {
            const problem = validateInput(value);
            return problem === undefined ? undefined : literalLine(problem);
          },
        }),
  });
}

/** Shows a password box with a button that reveals the input, so that it is typed only once. */
export function showPassphraseBox({
  title,
  prompt,
  validateInput,
}: Required<Pick<InputBoxOptions, 'title' | 'prompt' | 'validateInput'>>): Promise<string | undefined> {
  return new Promise((resolve) => {
    const box = vscode.window.createInputBox();
    box.title = literalLine(title);
    box.prompt = literalLine(prompt);
    box.ignoreFocusOut = true;
    const setHidden = (isHidden: boolean): void => {
      box.password = isHidden;
      box.buttons = [
        isHidden
          ? { iconPath: new vscode.ThemeIcon('eye'), tooltip: l10n.t('Show Passphrase') }
          : { iconPath: new vscode.ThemeIcon('eye-closed'), tooltip: l10n.t('Hide Passphrase') },
      ];
    };
    setHidden(true);
    box.onDidTriggerButton(() => setHidden(!box.password));
    box.onDidChangeValue(() => (box.validationMessage = undefined));
    box.onDidAccept(() => {
      const problem = validateInput(box.value);
      if (problem !== undefined) {
        box.validationMessage = literalLine(problem);
        return;
      }
      resolve(box.value);
      box.hide();
    });
    // Has no effect after an accepted value.
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}

export interface SuggestionBoxOptions extends Required<Pick<InputBoxOptions, 'title' | 'prompt' | 'validateInput' | 'value'>> {
  suggestTooltip: LocalizedText;
  /** Returns a new value. A failure is shown in the box. */
  suggest: () => Promise<string>;
}

/** Shows an input box with a button that suggests a value. */
export function showSuggestionBox({
  title,
  prompt,
  value,
  validateInput,
  suggestTooltip,
  suggest,
}: SuggestionBoxOptions): Promise<string | undefined> {
  return new Promise((resolve) => {
    const box = vscode.window.createInputBox();
    box.title = literalLine(title);
    box.prompt = literalLine(prompt);
    box.value = value;
    box.ignoreFocusOut = true;
    box.buttons = [{ iconPath: new vscode.ThemeIcon('sparkle'), tooltip: literalLine(suggestTooltip) }];
    const showProblem = (problem: string | undefined): void => {
      box.validationMessage = problem === undefined ? undefined : literalLine(problem);
    };
    const fill = async (): Promise<void> => {
      box.busy = true;
      box.enabled = false;
      try {
        box.value = await suggest();
        showProblem(undefined);
      } catch (error) {
        showProblem(error instanceof Error ? error.message : String(error));
      } finally {
        box.busy = false;
        box.enabled = true;
      }
    };
    box.onDidTriggerButton(() => void (box.enabled ? fill() : undefined));
    box.onDidChangeValue(() => showProblem(undefined));
    box.onDidAccept(() => {
      const problem = validateInput(box.value);
      if (problem !== undefined) {
        showProblem(problem);
        return;
      }
      resolve(box.value);
      box.hide();
    });
    // Has no effect after an accepted value.
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}

/** Text is shown literally. Icons are names of codicons. */
export interface QuickPickItem extends vscode.QuickPickItem {
  icon?: string;
  detailIcon?: string;
}

export interface QuickPickOptions extends Omit<vscode.QuickPickOptions, 'title' | 'placeHolder' | 'canPickMany' | 'onDidSelectItem'> {
  title?: LocalizedText;
  placeHolder?: LocalizedText;
}

/** Resolves to the selected item itself. */
export function showQuickPick<T extends QuickPickItem | LocalizedText>(
  items: readonly T[],
  options: QuickPickOptions & { canPickMany: true },
): Promise<T[] | undefined>;
export function showQuickPick<T extends QuickPickItem | LocalizedText>(
  items: readonly T[],
  options: QuickPickOptions,
): Promise<T | undefined>;
export async function showQuickPick<T extends QuickPickItem | LocalizedText>(
  items: readonly T[],
  { title, placeHolder, ...options }: QuickPickOptions & { canPickMany?: true },
): Promise<T | T[] | undefined> {
  const rows = items.map((item) => (typeof item === 'string' ? { label: literalLine(item) } : literalItem(item)));
  const chosen: unknown = await vscode.window.showQuickPick(rows, { ...options, ...literals({ title, placeHolder }) });
  if (Array.isArray(chosen)) return items.filter((_, index) => chosen.includes(rows[index]));
  return items.find((_, index) => rows[index] === chosen);
}

export type LiteralItem<T extends QuickPickItem> = Omit<T, 'label' | 'description' | 'detail' | 'icon' | 'detailIcon'> & {
  label: LiteralText;
  description?: LiteralText;
  detail?: LiteralText;
};

export function literalItem<T extends QuickPickItem>({ label, description, detail, icon, detailIcon, ...rest }: T): LiteralItem<T> {
  return {
    ...rest,
    label: withIcon(icon, literalLine(label)),
    ...(description === undefined ? {} : { description: literalLine(description) }),
    ...(detail === undefined ? {} : { detail: withIcon(detailIcon, literalLine(detail)) }),
  };
}

export type QuickPick<T extends QuickPickItem> = Omit<vscode.QuickPick<LiteralItem<T>>, 'title' | 'placeholder'>;

/** Create its items with {@link literalItem}. */
export function createQuickPick<T extends QuickPickItem>(title: LocalizedText, placeholder: LocalizedText): QuickPick<T> {
  const pick = vscode.window.createQuickPick<LiteralItem<T>>();
  pick.title = literalLine(title);
  pick.placeholder = literalLine(placeholder);
  return pick;
}

export function setQuickPickTitle<T extends QuickPickItem>(pick: QuickPick<T>, title: LocalizedText): void {
  Object.assign(pick, { title: literalLine(title) });
}

export interface StatusBarContent {
  /** A codicon's name. */
  icon?: string;
  text: string;
  tooltip: string;
  /** Label for screen readers, for a text that needs an explanation. */
  accessibleLabel?: string;
}

export interface StatusBarOptions {
  id: string;
  name: LocalizedText;
  command: string;
  alignment: vscode.StatusBarAlignment;
  priority?: number;
  backgroundColor?: vscode.ThemeColor;
}

/** Hidden until content is set. */
export class StatusBarItem implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;

  constructor({ id, name, command, alignment, priority, backgroundColor }: StatusBarOptions) {
    this.item = vscode.window.createStatusBarItem(id, alignment, priority);
    this.item.name = name;
    this.item.command = command;
    this.item.backgroundColor = backgroundColor;
  }

  show({ icon, text, tooltip, accessibleLabel }: StatusBarContent): void {
    this.item.text = withIcon(icon, literalLine(text));
    this.item.tooltip = literalText(tooltip);
    this.item.accessibilityInformation = accessibleLabel === undefined ? undefined : { label: accessibleLabel };
    this.item.show();
  }

  hide(): void {
    this.item.hide();
  }

  dispose(): void {
    this.item.dispose();
  }
}

export interface TreeItemContent extends Pick<vscode.TreeItem, 'id' | 'contextValue' | 'command' | 'accessibilityInformation'> {
  label: string;
  description?: string;
  /** May have several lines. */
  tooltip?: string;
  /** A codicon's name. */
  icon?: string;
  collapsibleState?: vscode.TreeItemCollapsibleState;
}

export function createTreeItem({ label, description, tooltip, icon, collapsibleState, ...rest }: TreeItemContent): vscode.TreeItem {
  const item = new vscode.TreeItem(literalLine(label), collapsibleState ?? vscode.TreeItemCollapsibleState.None);
  return Object.assign(item, rest, literals({ description }), {
    ...(tooltip === undefined ? {} : { tooltip: literalText(tooltip) }),
    ...(icon === undefined ? {} : { iconPath: new vscode.ThemeIcon(icon) }),
  });
}

export interface TreeViewStatus {
  badge?: { value: number; tooltip: string };
  message?: LocalizedText;
}

/** Keeps an unchanged badge, because setting it again makes it flicker. */
export function showTreeViewStatus(view: Pick<vscode.TreeView<unknown>, 'badge' | 'message'>, { badge, message }: TreeViewStatus): void {
  const tooltip = badge === undefined ? undefined : literalLine(badge.tooltip);
  if (view.badge?.tooltip !== tooltip)
    view.badge = badge === undefined || tooltip === undefined ? undefined : { value: badge.value, tooltip };
  view.message = message === undefined ? undefined : literalLine(message);
}

export function createWebviewPanel(
  viewType: string,
  title: string,
  column: vscode.ViewColumn | { viewColumn: vscode.ViewColumn; preserveFocus: boolean },
  options: vscode.WebviewPanelOptions & vscode.WebviewOptions,
): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(viewType, literalLine(title), column, options);
}

/** Sets the title of a tab or of a view. */
export function setPanelTitle(panel: Pick<vscode.WebviewPanel | vscode.WebviewView, 'title'>, title: string): void {
  panel.title = literalLine(title);
}

export function createCodeLens(line: number, title: LocalizedText, command: string, given: unknown[] = []): vscode.CodeLens {
  return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), { title: literalLine(title), command, arguments: given });
}

/** Creates a decoration with text after its last line and code in its hover. */
export function createDecoration(range: vscode.Range, after: string, hover: { code: string; language: string }): vscode.DecorationOptions {
  const hoverMessage = new vscode.MarkdownString().appendCodeblock(visibleText(hover.code), hover.language);
  return { range, hoverMessage, renderOptions: { after: { contentText: literalLine(after) } } };
}

export function createCommentController(id: string, label: LocalizedText): vscode.CommentController {
  return vscode.comments.createCommentController(id, literalLine(label));
}

/** A link that runs one command. */
export interface CommandLink {
  title: LocalizedText;
  /** A codicon's name. */
  icon: string;
  command: string;
  args: unknown[];
}

/** Shows links in hovers. */
export function registerLinkHover(
  selector: vscode.DocumentSelector,
  linksAt: (document: vscode.TextDocument, position: vscode.Position) => readonly CommandLink[],
): vscode.Disposable {
  return vscode.languages.registerHoverProvider(selector, {
    provideHover: (document, position) => {
      const links = linksAt(document, position);
      return links.length === 0 ? undefined : new vscode.Hover(linkMarkdown(links));
    },
  });
}

/** Returns paragraphs of plain text for APIs that render Markdown. */
export function plainMarkdown(...paragraphs: string[]): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString();
  for (const paragraph of paragraphs) markdown.appendText(visibleText(paragraph)).appendMarkdown('\n\n');
  return markdown;
}

/** Returns paragraphs of plain text, with code after them. */
export function codeMarkdown(paragraphs: readonly string[], block?: { code: string; language: string }): vscode.MarkdownString {
  const markdown = plainMarkdown(...paragraphs);
  return block === undefined ? markdown : markdown.appendCodeblock(visibleText(block.code), block.language);
}

function linkMarkdown(links: readonly CommandLink[]): vscode.MarkdownString {
  const text = links.map(({ title, icon, command, args }) => {
    const name = literalLine(title).replace(/[\\[\]()$`*_<>]/g, '\\$&');
    // A parenthesis would close the link.
    const query = encodeURIComponent(JSON.stringify(args)).replace(/[()]/g, (one) => (one === '(' ? '%28' : '%29'));
    return `[$(${icon}) ${name}](command:${command}?${query})`;
  });
  const markdown = new vscode.MarkdownString(text.join('&nbsp;&nbsp;&nbsp;'), true);
  markdown.isTrusted = { enabledCommands: links.map(({ command }) => command) };
  return markdown;
}

function withIcon(icon: string | undefined, text: LiteralText): LiteralText;
function withIcon(icon: string | undefined, text: LiteralText): string {
  return icon === undefined ? text : `$(${icon}) ${text}`.trimEnd();
}

function literals<Key extends string>(texts: Partial<Record<Key, string>>): Partial<Record<Key, LiteralText>>;
function literals(texts: Record<string, string | undefined>): Record<string, LiteralText> {
  return Object.fromEntries(Object.entries(texts).flatMap(([key, text]) => (text === undefined ? [] : [[key, literalLine(text)]])));
}
