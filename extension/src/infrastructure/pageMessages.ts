import type * as vscode from 'vscode';

/** Receives messages of a webview and replies to pings, so that a webview detects the loss of its extension host. */
export function onPageMessage(
  webview: Pick<vscode.Webview, 'onDidReceiveMessage' | 'postMessage'>,
  receive: (message: unknown) => Promise<void>,
): vscode.Disposable {
  return webview.onDidReceiveMessage((message: unknown) => {
    if (isPing(message)) void webview.postMessage({ type: 'pong' });
    else void receive(message);
  });
}

function isPing(message: unknown): boolean {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'ping';
}
