import * as l10n from '@vscode/l10n';

// Imported before everything else of a page. The extension writes what VS Code speaks into the page; without it the words stand as written.
l10n.config({ contents: document.getElementById('localization')?.textContent || '{}' });
