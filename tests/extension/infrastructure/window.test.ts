import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import ts from 'typescript';
import { Range } from 'vscode';
import * as v from 'valibot';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { verbatim, type LocalizedText } from '../../../extension/src/infrastructure/localizedText';
import * as ui from '../../../extension/src/infrastructure/window';
import { rawTextUses } from '../../../scripts/lib/rawTextApi.mjs';
import { answers, FakePanel, hovers, MarkdownString, reset, window as fakeWindow } from '../testing/vscode';

const wrapper = 'extension/src/infrastructure/window.ts';
const root = process.cwd();
const options = ts.parseJsonConfigFileContent(ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)).config, ts.sys, root);
const program = ts.createProgram(
  options.fileNames.filter((path) => /extension\/src\/(?!webview)/.test(path)),
  options.options,
);
const checker = program.getTypeChecker();
const hostFiles = program
  .getSourceFiles()
  .filter(({ fileName }) => fileName.startsWith(join(root, 'extension/src/')) && !fileName.includes('/webview/'));

const hostile = [
  '[Open](command:workbench.action.terminal.sendSequence?%7B%22text%22%3A%22id%5Cn%22%7D)',
  '[a](https://example.com/)',
  '[a](file:///etc/passwd "title")',
  '$(shield) $(sync~spin)',
  'x]',
  '[x',
  '(command:plue.lockVault)',
  '[x]\r\n(command:plue.lockVault)',
  '[x]\u2028(command:plue.lockVault)',
  '\\$(shield) \\[x](command:a)',
  '\u202E[x](command:a)\u0007',
];

/** Returns what VS Code would turn into links or icons, like `linkedText` and `iconLabels` in VS Code 1.91 to 4.139. */
function rendered(text: string): string[] {
  const line = text.replace(/\r\n|\n|\r/g, ' ').trim();
  const links = line.match(/\[[^\]]+\]\((?:https?:\/\/|command:|file:)[^)\s]+/gi) ?? [];
  return [...links, ...(line.match(/\$\([A-Za-z0-9~-]+\)/g) ?? [])];
}

/** All text that was passed to VS Code. */
let reached: string[] = [];

function record(value: unknown, seen = new Set<unknown>()): void {
  if (typeof value === 'string') reached.push(value);
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  for (const [key, inner] of Object.entries(value)) {
    // Text for screen readers is not rendered, and our icons are names.
    if (key !== 'accessibilityInformation' && key !== 'iconPath') record(inner, seen);
  }
}

/** Passes a text to each parameter of a wrapper that shows one. */
const shows: Record<string, (text: LocalizedText) => unknown> = {
  showInformationMessage: (text) => ui.showInformationMessage(text, { modal: true, detail: text }, text, text),
  showWarningMessage: (text) => ui.showWarningMessage(text, { modal: true, detail: text }, text),
  showErrorMessage: (text) => ui.showErrorMessage(text, text),
  withProgress: (text) =>
    ui.withProgress({ location: 15, title: text }, (progress) => {
      progress.report({ message: text });
      return Promise.resolve();
    }),
  showInputBox: (text) => ui.showInputBox({ title: text, prompt: text, placeHolder: text, validateInput: () => text }),
  showPassphraseBox: (text) => {
    // Rejected once, so that the error is also shown.
    answers.push('typed', undefined);
    return ui.showPassphraseBox({ title: text, prompt: text, validateInput: () => text });
  },
  showSuggestionBox: (text) => {
    answers.push('typed', undefined);
    const suggest = (): Promise<string> => Promise.reject(new Error(text));
    return ui.showSuggestionBox({ title: text, prompt: text, value: '', validateInput: () => text, suggestTooltip: text, suggest });
  },
  showQuickPick: (text) =>
    Promise.all([
      ui.showQuickPick([{ label: text, description: text, detail: text }], { title: text, placeHolder: text }),
      ui.showQuickPick([text], { title: text, canPickMany: true }),
    ]),
  createQuickPick: (text) => record(ui.createQuickPick(text, text)),
  setQuickPickTitle: (text) => {
    const pick = ui.createQuickPick(text, text);
    ui.setQuickPickTitle(pick, text);
    record(pick);
  },
  plainMarkdown: (text) => record(ui.plainMarkdown(text)),
  literalItem: (text) => record(ui.literalItem({ label: text, description: text, detail: text })),
  createTreeItem: (text) => record(ui.createTreeItem({ label: text, description: text, tooltip: text })),
  showTreeViewStatus: (text) => {
    const view = { badge: undefined, message: undefined };
    ui.showTreeViewStatus(view, { badge: { value: 1, tooltip: text }, message: text });
    record(view);
  },
  createWebviewPanel: (text) => ui.createWebviewPanel('plue.test', text, 1, {}),
  setPanelTitle: (text) => {
    const panel = { title: '' };
    ui.setPanelTitle(panel, text);
    record(panel);
  },
  createCodeLens: (text) => record(ui.createCodeLens(0, text, 'plue.test')),
  createCommentController: (text) => record(ui.createCommentController('plue.test', text)),
  codeMarkdown: (text) => {
    record(ui.codeMarkdown([text]));
    expect(ui.codeMarkdown([], { code: text, language: 'js' }).value).toMatch(/^\n```js\n[^]*\n```\n$/);
  },
  // Code is shown unchanged, in a code block.
  createDecoration: (text) => {
    const { renderOptions, hoverMessage } = ui.createDecoration(new Range(0, 0, 0, 0), text, { code: text, language: 'js' });
    record(renderOptions);
    const hover = new MarkdownString();
    Object.assign(hover, hoverMessage);
    expect(hover.value).toMatch(/^\n```js\n[^]*\n```\n$/);
    expect(hover.isTrusted).toBeUndefined();
  },
  registerLinkHover: (text) => {
    ui.registerLinkHover('*', () => [{ title: text, icon: 'sparkle', command: 'plue.test', args: [text] }]);
    const [hover] = hovers();
    expect(hover?.isTrusted).toEqual({ enabledCommands: ['plue.test'] });
    // Without the link itself.
    record(hover?.value.replace(/^\[\$\(sparkle\) /, '').replace(/\]\(command:plue\.test\?[^\s()]*\)$/, ''));
  },
  StatusBarItem: (text) => {
    const item = new ui.StatusBarItem({ id: 'plue.test', name: text, command: 'plue.test', alignment: 1 });
    item.show({ text, tooltip: text });
    record(item);
  },
  // The properties of a status bar item.
  show: (text) => {
    const item = new ui.StatusBarItem({ id: 'plue.test', name: verbatim('Test'), command: 'plue.test', alignment: 1 });
    item.show({ text, tooltip: text });
    record(item);
  },
  hide: () => undefined,
  literalText: (text) => record(ui.literalText(text)),
  literalLine: (text) => record(ui.literalLine(text)),
};

beforeEach(() => {
  reset();
  reached = [];
});
afterEach(() => vi.restoreAllMocks());

test('Outside of window.ts, nothing uses the API in whose text VS Code finds links and icons', () => {
  const uses = hostFiles
    .filter(({ fileName }) => !/infrastructure\/(?:addresses|window)\.ts$/.test(fileName))
    .flatMap((file) => rawTextUses(checker, file).map(({ name, node }) => `${file.fileName}: ${name} ${node.getText()}`));
  expect(uses).toEqual([]);
}, 60_000);

test('The raw API is found by any name, and types that only name it are not', () => {
  const path = join(root, 'extension/src/probe.ts');
  const source = `import * as vscode from 'vscode';
    import { window as ui } from 'vscode';
    const { showErrorMessage, withProgress: run } = vscode.window;
    const ask = ui['showInputBox'];
    const show = vscode.window;
    void show.showQuickPick(['a']);
    class Row extends vscode.TreeItem {}
    export const item: vscode.TreeItem = { label: 'a' };
    export const set = (bar: vscode.StatusBarItem): string => (bar.text = 'a');
    export const markdown = new vscode.MarkdownString('a');
    export const used = [showErrorMessage, run, ask, Row];
    export function fine(lens: vscode.CodeLens): vscode.TreeItem | undefined { void lens; return undefined; }`;
  const host = ts.createCompilerHost(options.options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(path, source, ts.ScriptTarget.ES2022, true) : read(name, ...rest);
  const probe = ts.createProgram([path], { ...options.options, types: ['vscode', 'node'] }, host);
  const file = probe.getSourceFile(path);
  expect(file && rawTextUses(probe.getTypeChecker(), file).map(({ name }) => name)).toEqual([
    'window.showErrorMessage',
    'window.withProgress',
    'window.showInputBox',
    'window.showQuickPick',
    'TreeItem',
    'TreeItem.label',
    'StatusBarItem.text',
    'MarkdownString',
  ]);
}, 60_000);

interface CallSite {
  wrapper: string;
  place: string;
  sentences: string[];
}

/** Returns all calls of exports of window.ts, with the strings in them, found by resolving names. */
function callSites(): CallSite[] {
  const sites: CallSite[] = [];
  for (const file of hostFiles.filter(({ fileName }) => !fileName.endsWith(wrapper))) {
    const visit = (node: ts.Node): void => {
      const callee = ts.isCallExpression(node) || ts.isNewExpression(node) ? checker.getSymbolAtLocation(node.expression) : undefined;
      const symbol = callee && callee.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(callee) : callee;
      const declaration = symbol?.declarations?.[0];
      if (symbol !== undefined && declaration?.getSourceFile().fileName.endsWith(wrapper)) {
        const { line } = file.getLineAndCharacterOfPosition(node.getStart());
        sites.push({ wrapper: symbol.name, place: `${file.fileName}:${line + 1}`, sentences: sentencesIn(node) });
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return sites;
}

function sentencesIn(node: ts.Node): string[] {
  const own =
    ts.isCallExpression(node) &&
    /^l10n\.t$/.test(node.expression.getText()) &&
    node.arguments[0] &&
    ts.isStringLiteralLike(node.arguments[0])
      ? [node.arguments[0].text]
      : [];
  const inner: string[] = [];
  ts.forEachChild(node, (child) => void inner.push(...sentencesIn(child)));
  return [...own, ...inner];
}

const words = v.record(v.string(), v.string());
const translations = ['de', 'zh-cn'].map((language) =>
  v.parse(words, JSON.parse(readFileSync(`l10n/bundle.l10n.${language}.json`, 'utf8'))),
);

/** Returns a string as shown in each language, with hostile text for each placeholder, and with adjacent texts that form a link only together. */
function filled(sentence: string): string[] {
  const inLanguages = [sentence, ...translations.map((bundle) => bundle[sentence] ?? sentence)];
  return inLanguages.flatMap((words) =>
    hostile.map((text, at) => words.replace(/\{(\d+)\}/g, (_, place: string) => hostile[(at + Number(place)) % hostile.length] ?? text)),
  );
}

test('Hostile text at every place that shows text is no link and no icon', async () => {
  for (const name of ['showInformationMessage', 'showWarningMessage', 'showErrorMessage', 'showQuickPick'] as const)
    vi.spyOn(fakeWindow, name).mockImplementation((...shown) => {
      record(shown);
      return Promise.resolve(undefined);
    });
  vi.spyOn(fakeWindow, 'showInputBox').mockImplementation((box) => {
    record([box, box.validateInput?.('')]);
    return Promise.resolve(undefined);
  });
  const createInputBox = fakeWindow.createInputBox;
  vi.spyOn(fakeWindow, 'createInputBox').mockImplementation(() => {
    const box = createInputBox();
    box.onDidHide(() => record([box.title, box.prompt, box.validationMessage]));
    return box;
  });
  vi.spyOn(fakeWindow, 'withProgress').mockImplementation((progress, task) => {
    record(progress);
    return task({ report: record }, undefined);
  });
  vi.spyOn(fakeWindow, 'createWebviewPanel').mockImplementation((...shown: unknown[]) => {
    record(shown);
    return new FakePanel();
  });
  const sites = callSites();
  expect(sites.length).toBeGreaterThan(100);
  expect([...new Set(sites.map((site) => site.wrapper))].filter((name) => !(name in shows))).toEqual([]);
  for (const site of sites) {
    const texts = site.sentences.length === 0 ? hostile : site.sentences.flatMap(filled);
    for (const text of new Set(texts)) {
      reached = [];
      await shows[site.wrapper]?.(verbatim(text));
      expect(reached.flatMap(rendered), `${site.place} ${text}`).toEqual([]);
    }
  }
}, 120_000);

test('Text reads as it was written, but for what breaks its links and icons and for hidden characters', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[[\]()$a-z: ]{0,60}$/), (text) => {
      expect(rendered(ui.literalText(text))).toEqual([]);
      expect(ui.literalText(text).replaceAll('\u2060', '')).toBe(text);
    }),
  );
  expect(ui.literalLine('one\r\ntwo\u0007')).toBe('one two⟨U+0007⟩');
});

test('A button, a row and a tag with hostile text are returned unchanged', async () => {
  vi.spyOn(fakeWindow, 'showInformationMessage').mockImplementation((_text, _options, ...buttons) => Promise.resolve(String(buttons[1])));
  vi.spyOn(fakeWindow, 'showQuickPick').mockImplementation((rows) => Promise.resolve(rows[1]));
  const [first, second] = [verbatim('[a](command:a)'), verbatim('[b](command:b)')];
  expect(await ui.showInformationMessage(first, first, second)).toBe(second);
  expect(await ui.showQuickPick([first, second], {})).toBe(second);
  const rows = [{ label: first }, { label: second, icon: 'tag' }];
  expect(await ui.showQuickPick(rows, {})).toBe(rows[1]);
});
