// Language features in the extension host: the language mode of files, and a view of built-in documents.
// The sidecar registers the folders to watch with VS Code.
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import { codexGet } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { shippedScheme } from '../../server/shipped';
import { plueHome } from '../../server/plueHome';
import { codexOf, isOurs, languageId } from './files';

export function activateLanguage(sidecar: Sidecar, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  const home = plueHome(process.env);
  const color = async (document: vscode.TextDocument): Promise<void> => {
    // Keeps a language mode that the user or another extension selected.
    if (document.languageId !== 'plaintext' || !isOurs(document.uri, home)) return;
    try {
      await vscode.languages.setTextDocumentLanguage(document, languageId);
    } catch (error) {
      // The document was closed meanwhile.
      log.debug(`The colors of ${document.uri.path}: ${toFailureError(error).message}`);
    }
  };
  disposables.add(vscode.workspace.onDidOpenTextDocument(color));
  for (const document of vscode.workspace.textDocuments) void color(document);
  disposables.add(
    vscode.workspace.registerTextDocumentContentProvider(shippedScheme, {
      provideTextDocumentContent: async (address) => {
        const uri = codexOf(address);
        return uri === undefined ? '' : ((await sidecar.request(codexGet, { uri })).document?.text ?? '');
      },
    }),
  );
  return disposables;
}
