import { expect, test } from 'vitest';
import { Uri } from 'vscode';
import { chatHtml } from '../../../../extension/src/features/chat/chatHtml';

const webview = { cspSource: "'self' https://*.vscode-cdn.net", asWebviewUri: (uri: Uri) => uri };
const folder = Uri.file('/ext/out/webview');

test('The page may load what is ours and nothing else', () => {
  const html = chatHtml(webview, folder, 'codex://chats/a');
  const nonce = /script nonce="([^"]+)"/.exec(html)?.[1];
  expect(html).toContain(
    `content="default-src 'none'; script-src 'nonce-${nonce}'; style-src 'self' https://*.vscode-cdn.net; font-src 'self' https://*.vscode-cdn.net; img-src 'self' https://*.vscode-cdn.net data:"`,
  );
  expect(html).not.toContain('unsafe');
});

test('The page finds its place and its chat', () => {
  expect(chatHtml(webview, folder, 'codex://chats/a')).toContain('<main id="app" data-codex-id="codex://chats/a">');
});

test('Each page has a nonce of its own', () => {
  const nonces = new Set(Array.from({ length: 20 }, () => /nonce="([^"]+)"/.exec(chatHtml(webview, folder, 'x'))?.[1]));
  expect(nonces.size).toBe(20);
});

test('A name cannot break out of its attribute', () => {
  expect(chatHtml(webview, folder, '"><script>alert(1)</script>')).not.toContain('<script>alert');
});
