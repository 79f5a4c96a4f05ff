import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

// Imported before everything else: words that a module keeps as constants are looked up when it is loaded.
l10n.config({ contents: vscode.l10n.bundle ?? {} });
