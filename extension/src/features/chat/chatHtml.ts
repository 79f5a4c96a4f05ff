import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** The page's document. Scripts run by nonce only: a served VS Code shares its origin with the page. */
export function chatHtml(webview: Pick<vscode.Webview, 'asWebviewUri' | 'cspSource'>, folder: vscode.Uri, codexId: string): string {
  const nonce = randomBytes(18).toString('base64');
  const address = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  const source = webview.cspSource;
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src ${source}; font-src ${source}; img-src ${source} data:`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Plue chat</title>
<link rel="stylesheet" nonce="${nonce}" id="vscode-codicon-stylesheet" href="${escape(address('codicon.css'))}">
<link rel="stylesheet" nonce="${nonce}" href="${escape(address('chat.css'))}">
</head>
<body>
<main id="app" data-codex-id="${escape(codexId)}"></main>
<script nonce="${nonce}" src="${escape(address('chat.js'))}"></script>
</body>
</html>`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
