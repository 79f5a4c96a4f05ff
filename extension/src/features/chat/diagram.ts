// Shows a diagram of a response in VS Code's Markdown preview.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { showWarningMessage } from '../../infrastructure/window';

/** Syntax that can load an image, font, or style, or that conceals such syntax. */
const loading = [
  // Markup in labels, except line breaks and plain emphasis; `<<interface>>` and `<|--` are not markup.
  /<(?!(?:br\s*\/?|\/?[biu])>)(?=[a-z/!?])(?!(?<=<<)\w+>>)/i,
  /\b(?:img|image|icon|sprite)\b["']?\s*:/i,
  /@import|\b(?:url|src|image|image-set)\s*\(/i,
  /themeCSS|securityLevel|htmlLabels|fontFamily/i,
  /!\[/,
  // Escapes in CSS, JSON, HTML and mermaid.
  /\\[0-9a-fux]|&#|&\w+;|#(?:x?0*(?:33|38|60|62|91|3c|3e)|lt|gt|quot|amp|sol);/i,
];

/** True if the diagram loads nothing. */
export function isSelfContained(diagram: string): boolean {
  return !loading.some((pattern) => pattern.test(diagram));
}

/** Shows a diagram that could load something as text. */
export async function previewDiagram(diagram: string): Promise<void> {
  const isDrawn = isSelfContained(diagram);
  const maxLength = Math.max(2, ...[...diagram.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(maxLength + 1);
  const content = `${fence}${isDrawn ? 'mermaid' : 'text'}\n${diagram.replace(/\r\n?/g, '\n').replace(/\n?$/, '\n')}${fence}\n`;
  const document = await vscode.workspace.openTextDocument({ language: 'markdown', content });
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
  await vscode.commands.executeCommand('markdown.showPreview', document.uri);
  if (!isDrawn)
    void showWarningMessage(l10n.t('A preview of this diagram could load content from the network, so its source is shown instead.'));
}
