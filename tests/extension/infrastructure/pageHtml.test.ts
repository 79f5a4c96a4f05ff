import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { env, l10n } from '../testing/vscode';
import { Uri } from 'vscode';
import { pageHtml } from '../../../extension/src/infrastructure/pageHtml';

const webview = { cspSource: "'self' https://*.vscode-cdn.net", asWebviewUri: (uri: Uri) => uri };
const folder = Uri.file(mkdtempSync(join(tmpdir(), 'plue-pages-')));
writeFileSync(join(folder.fsPath, 'codicon.css'), '.codicon-add {}');
writeFileSync(join(folder.fsPath, 'chat.css'), '.message {}');
writeFileSync(join(folder.fsPath, 'chat.js'), 'draw()');
const chat = (codexId: string): string => pageHtml(webview, folder, { name: 'chat', title: 'Plue chat', data: { 'codex-id': codexId } });

test('The page may load what is ours and nothing else', () => {
  const html = chat('codex://chats/a');
  const nonce = /script nonce="([^"]+)"/.exec(html)?.[1];
  expect(html).toContain(
    `content="default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; font-src 'self' https://*.vscode-cdn.net; img-src 'self' https://*.vscode-cdn.net data:"`,
  );
  expect(html).not.toContain('unsafe');
});

test('The page contains its script and styles, and refers to no file that would delay it', () => {
  const html = chat('codex://chats/a');
  const nonce = /script nonce="([^"]+)"/.exec(html)?.[1];
  expect(html).toContain(`<style nonce="${nonce}">.codicon-add {}</style>\n<style nonce="${nonce}">.message {}</style>`);
  expect(html).toContain(`<script nonce="${nonce}" data-folder="${folder.toString()}/">draw()</script>`);
  expect(html).not.toMatch(/ (?:src|href)="(?!command:)/);
});

test('The page finds its place and its chat', () => {
  expect(chat('codex://chats/a')).toContain('<main id="app" data-key="chat codex://chats/a" data-codex-id="codex://chats/a">');
});

test('Each page has its own nonce', () => {
  const nonces = new Set(Array.from({ length: 20 }, () => /nonce="([^"]+)"/.exec(chat('x'))?.[1]));
  expect(nonces.size).toBe(20);
});

test('A name cannot break out of its attribute', () => {
  expect(chat('"><script>alert(1)</script>')).not.toContain('<script>alert');
});

test('A page uses the language of VS Code, and no string ends its script', () => {
  env.language = 'de';
  l10n.bundle = { Stop: 'Anhalten</script><script>alert(1)</script>' };
  try {
    const html = chat('x');
    expect(html).toContain('<html lang="de">');
    const words = /<script type="application\/json" id="localization">([^<]*)<\/script>/.exec(html)?.[1] ?? '';
    expect(JSON.parse(words)).toEqual(l10n.bundle);
  } finally {
    env.language = 'en';
    l10n.bundle = undefined;
  }
});
