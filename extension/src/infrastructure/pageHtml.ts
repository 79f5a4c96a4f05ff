import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

/** One of the pages in extension/out/webview. */
export interface Page {
  /** Name of the webview's folder in webview/, used for file names. */
  name: string;
  title: string;
  /** Attributes of `#app`: `codex-id` becomes `data-codex-id`. */
  data?: Record<string, string>;
  /** Set for a page that can be in an editor or in a view. */
  place?: 'editor' | 'view';
  /** State of an earlier webview, stored as JSON in `#saved`. */
  saved?: unknown;
}

/** VS Code runs this command, so it works without the extension host. */
const reload = 'workbench.action.reloadWindow';

/** @param folder extension/out/webview */
export function pageOptions(folder: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, enableCommandUris: [reload], localResourceRoots: [folder] };
}

/**
 * Returns the HTML of a webview. Scripts need the nonce, because in a browser VS Code shares its origin with the webview. The page's own script and styles are
 * part of it: VS Code shows a page, and passes messages to it, only after everything that it refers to has been loaded through a service worker.
 */
export function pageHtml(webview: Pick<vscode.Webview, 'asWebviewUri' | 'cspSource'>, folder: vscode.Uri, page: Page): string {
  const nonce = randomBytes(18).toString('base64');
  const text = (file: string): string => textOf(join(folder.fsPath, file));
  const source = webview.cspSource;
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; font-src ${source}; img-src ${source} data:`;
  const data = Object.entries(page.data ?? {}).map(([name, value]) => ` data-${name}="${escape(value)}"`);
  return `<!DOCTYPE html>
<html lang="${escape(vscode.env.language)}"${page.place === undefined ? '' : ` data-place="${page.place}"`}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(page.title)}</title>
<style nonce="${nonce}">${text('codicon.css')}</style>
<style nonce="${nonce}">${text(`${page.name}.css`)}</style>
</head>
<body>
<script type="application/json" id="localization">${json(vscode.l10n.bundle ?? {})}</script>
<script type="application/json" id="saved">${json(page.saved ?? null)}</script>
<div id="host-lost" class="banner error" role="alert" hidden>
<span class="codicon codicon-error" aria-hidden="true"></span>
<span class="banner-text">${escape(l10n.t('The VS Code extension host does not respond, so Plue can’t do anything here. Your input is kept. Reload the window to continue.'))}</span>
<a class="text-button primary" href="command:${reload}">${escape(l10n.t('Reload Window'))}</a>
</div>
<main id="app" data-key="${escape([page.name, ...Object.values(page.data ?? {})].join(' '))}"${data.join('')}></main>
<script nonce="${nonce}" data-folder="${escape(`${webview.asWebviewUri(folder).toString()}/`)}">${text(`${page.name}.js`)}</script>
</body>
</html>`;
}

const texts = new Map<string, string>();

/** Each file is read once. The build refuses files that would end their element. */
function textOf(path: string): string {
  const known = texts.get(path) ?? readFileSync(path, 'utf8');
  texts.set(path, known);
  return known;
}

/** Returns the HTML of a webview that shows only a message. */
export function textHtml(text: string): string {
  return `<!DOCTYPE html>
<html lang="${escape(vscode.env.language)}">
<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'"></head>
<body><p role="alert">${escape(text)}</p></body>
</html>`;
}

/** Escapes JSON so that it cannot close its script element. */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
