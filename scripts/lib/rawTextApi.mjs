// The part of VS Code's API that shows text in which VS Code finds links that run commands, icons or Markdown.
// Only infrastructure/window.ts may use it, and addresses.ts to open addresses: the ESLint rule below and window.test.ts check this.
import ts from 'typescript';

const members = new Set([
  'comments.createCommentController',
  'env.openExternal',
  ...['createLanguageStatusItem', 'registerCompletionItemProvider', 'registerDocumentLinkProvider', 'registerHoverProvider'].map(
    (name) => `languages.${name}`,
  ),
  ...['registerInlayHintsProvider', 'registerSignatureHelpProvider'].map((name) => `languages.${name}`),
  'scm.createSourceControl',
  'tests.createTestController',
  ...['createInputBox', 'createQuickPick', 'createStatusBarItem', 'createWebviewPanel', 'setStatusBarMessage'].map(
    (name) => `window.${name}`,
  ),
  ...['registerFileDecorationProvider', 'registerTerminalLinkProvider', 'withProgress', 'withScmProgress'].map((name) => `window.${name}`),
  ...['showErrorMessage', 'showInformationMessage', 'showInputBox', 'showQuickPick', 'showWarningMessage', 'showWorkspaceFolderPick'].map(
    (name) => `window.${name}`,
  ),
  ...['label', 'description', 'tooltip'].map((name) => `TreeItem.${name}`),
  ...['text', 'tooltip', 'name'].map((name) => `StatusBarItem.${name}`),
  ...['title', 'description', 'message', 'badge'].map((name) => `TreeView.${name}`),
  ...['title', 'description', 'badge'].map((name) => `WebviewView.${name}`),
  ...['hoverMessage'].map((name) => `DecorationOptions.${name}`),
  'WebviewPanel.title',
  'QuickInput.title',
  'QuickPick.placeholder',
]);

/** Allowed as types; instances may be created only in window.ts. */
const classes = new Set([
  ...['CodeLens', 'CompletionItem', 'DocumentLink', 'FileDecoration', 'Hover', 'InlayHint', 'MarkdownString', 'SignatureInformation'],
  ...['TerminalLink', 'TreeItem'],
]);

/**
 * Finds uses of the API in a file under any name: `vscode.window.showErrorMessage`, an alias, a destructured member, or a property of an object
 * that is passed to VS Code.
 * @param {ts.TypeChecker} checker
 * @param {ts.SourceFile} file
 * @returns {{ node: ts.Node, name: string }[]}
 */
export function rawTextUses(checker, file) {
  /** @type {{ node: ts.Node, name: string }[]} */
  const uses = [];
  /** @param {ts.Node} node @param {ts.Symbol | undefined} symbol */
  const look = (node, symbol) => {
    const name = symbol === undefined ? undefined : vscodeName(checker, symbol);
    if (name === undefined) return;
    if (members.has(name) || (classes.has(name) && isMade(node))) uses.push({ node, name });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isBindingElement(node)) look(node, propertyOf(checker.getTypeAtLocation(node.parent), node.propertyName ?? node.name));
    else if (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node))
      look(node, propertyOf(checker.getContextualType(node.parent), node.name));
    else if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression))
      look(node, checker.getTypeAtLocation(node.expression).getProperty(node.argumentExpression.text));
    else if (ts.isIdentifier(node) && !ts.isBindingElement(node.parent) && !ts.isObjectLiteralElement(node.parent))
      look(node, checker.getSymbolAtLocation(node));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return uses;
}

/** @param {ts.Type | undefined} type @param {ts.Node} name */
function propertyOf(type, name) {
  return type !== undefined && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? type.getProperty(name.text) : undefined;
}

/** Returns "window.showErrorMessage"; undefined for other symbols. @param {ts.TypeChecker} checker @param {ts.Symbol} symbol */
function vscodeName(checker, symbol) {
  const declared = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return /^"vscode"\.(.+)$/u.exec(checker.getFullyQualifiedName(declared))?.[1];
}

/** @param {ts.Node} node */
function isMade(node) {
  const whole = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node ? node.parent : node;
  return (ts.isNewExpression(whole.parent) && whole.parent.expression === whole) || ts.isExpressionWithTypeArguments(whole.parent);
}

/** @type {import('eslint').Rule.RuleModule} */
export const noRawTextApi = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { raw: '`{{ name }}` takes text and addresses as they come: use infrastructure/window or infrastructure/addresses.' },
  },
  create(context) {
    const { program, tsNodeToESTreeNodeMap, esTreeNodeToTSNodeMap } = context.sourceCode.parserServices;
    return {
      Program(file) {
        for (const { node, name } of rawTextUses(program.getTypeChecker(), esTreeNodeToTSNodeMap.get(file).getSourceFile())) {
          const start = node.getStart();
          context.report({
            loc: context.sourceCode.getLocFromIndex(start),
            node: tsNodeToESTreeNodeMap.get(node) ?? file,
            messageId: 'raw',
            data: { name },
          });
        }
      },
    };
  },
};
