import * as l10n from '@vscode/l10n';

// Imported first. The extension writes the translations into the page; without them texts are in English.
l10n.config({ contents: document.getElementById('localization')?.textContent || '{}' });
