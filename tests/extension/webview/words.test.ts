// All texts of the pages are localized; localization.test.ts checks the translations.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** The same in all languages: names of formats and fields, examples, and questions in the recorded chats of the tour. */
const sameEverywhere = new Set([
  ...['Claude Code', 'ID', 'SHA-256', '@selection', 'title', 'https://api.example.com/v1', '$EXAMPLE_API_KEY'],
  ...['What is Plue?', 'Show me some code', 'How do I connect a provider?'],
]);

/** Attributes and properties that are shown or announced. */
const shownNames = new Set(['title', 'aria-label', 'aria-valuetext', 'placeholder', 'alt', 'label', 'busyLabel', 'unset', 'textContent']);

/** Arguments that are shown, by name of the function, as a range of positions. */
const shownArguments: Readonly<Record<string, { from: number; to: number }>> = {
  element: { from: 2, to: Infinity },
  textButton: { from: 0, to: 0 },
  iconButton: { from: 1, to: 1 },
  copyButton: { from: 0, to: 0 },
  setText: { from: 1, to: 1 },
  say: { from: 0, to: 0 },
  loadingLine: { from: 0, to: 0 },
  createTextNode: { from: 0, to: 0 },
};

/** Returns texts of a page that are not localized, and calls that the extractor cannot read. */
function bareText(name: string, source: string): string[] {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const found = new Set<string>();
  const bare = (node: ts.Node, text: string): void => {
    if (sameEverywhere.has(text.trim())) return;
    found.add(`${name}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${text}`);
  };
  /** Checks for a literal in a position that is shown, including branches of conditional expressions. */
  const shown = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      if (/\p{L}{2}/u.test(node.text)) bare(node, node.text);
    } else if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(shown);
    else if (ts.isBinaryExpression(node)) [node.left, node.right].forEach(shown);
    else if (ts.isTemplateExpression(node)) {
      shown(node.head);
      for (const span of node.templateSpans) [span.expression, span.literal].forEach(shown);
    } else if (ts.isParenthesizedExpression(node)) shown(node.expression);
    else if (ts.isCallExpression(node) && nameOf(node) === 'visibleText') node.arguments.forEach(shown);
  };
  const visit = (node: ts.Node): void => {
    // Errors for developers, and module specifiers.
    if (ts.isThrowStatement(node) || ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    if (ts.isCallExpression(node)) {
      if (node.expression.getText() === 'l10n.t') {
        const [first, ...rest] = node.arguments;
        if (first === undefined || !ts.isStringLiteralLike(first)) found.add(`${name}: l10n.t takes a literal: ${node.getText()}`);
        rest.forEach(visit);
        return;
      }
      const places = shownArguments[nameOf(node)];
      if (places !== undefined) node.arguments.forEach((one, at) => at >= places.from && at <= places.to && shown(one));
    } else if (ts.isPropertyAssignment(node) && shownNames.has(nameText(node.name))) shown(node.initializer);
    else if (ts.isBinaryExpression(node) && ts.isPropertyAccessExpression(node.left) && shownNames.has(node.left.name.text)) {
      if (node.operatorToken.kind === ts.SyntaxKind.EqualsToken) shown(node.right);
    } else if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node)) {
      // A sentence, in any position.
      if (/^\p{Lu}\p{L}*[ ,.…:]/u.test(node.text)) bare(node, node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...found];
}

function nameOf({ expression }: ts.CallExpression): string {
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
}

function nameText(name: ts.PropertyName): string {
  return ts.isStringLiteral(name) || ts.isIdentifier(name) ? name.text : '';
}

const folder = 'extension/src/webview';
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));

describe('texts of the pages', () => {
  it('are all looked up in the language of VS Code', () => {
    expect(files.flatMap((name) => bareText(name, readFileSync(join(folder, name), 'utf8')))).toEqual([]);
  }, 60_000);

  it.each([
    ["element('p', {}, isOn ? 'switched on' : words)", 'page.ts:1 switched on'],
    ["element('p', { title: 'Rename' })", 'page.ts:1 Rename'],
    ['textButton(`Show ${count} more`, run)', 'page.ts:1 Show '],
    ["node.title = visibleText('Open ' + name)", 'page.ts:1 Open '],
    ["const words = 'Nothing was found.'", 'page.ts:1 Nothing was found.'],
    ['l10n.t(words)', 'page.ts: l10n.t takes a literal: l10n.t(words)'],
  ])('are found where they are not: %s', (source, finding) => expect(bareText('page.ts', source)).toContain(finding));
});
