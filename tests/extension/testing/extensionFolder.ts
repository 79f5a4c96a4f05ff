// An installed extension's folder, whose pages have no content.
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const extensionFolder = mkdtempSync(join(tmpdir(), 'plue-extension-'));

const pages = join(extensionFolder, 'extension', 'out', 'webview');
mkdirSync(pages, { recursive: true });
writeFileSync(join(pages, 'codicon.css'), '');
for (const { name } of readdirSync(join(import.meta.dirname, '..', '..', '..', 'extension', 'src', 'webview'), { withFileTypes: true }))
  for (const kind of ['css', 'js']) writeFileSync(join(pages, `${name}.${kind}`), `/* ${name}.${kind} */`);
