import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

// Imported first, because module-level texts are looked up when their module loads.
l10n.config({ contents: vscode.l10n.bundle ?? {} });
