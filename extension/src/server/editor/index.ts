// Handles the sidecar's requests about documents and language features of this window.
import type * as vscode from 'vscode';
import type { RequestType } from 'vscode-jsonrpc';
import { Disposables } from '../../infrastructure/disposables';
import {
  hostCallTool,
  hostProblems,
  hostReadDocument,
  hostReferences,
  hostRename,
  hostRunCell,
  hostSymbols,
  hostTests,
  hostTools,
  hostWriteDocument,
  workspaceUnsaved,
} from '../../protocol/protocol.generated';
import type { ErrorData } from '../../protocol/protocol.generated';
import { runCell } from './cellRuns';
import { findReferences, findRename, findSymbols } from './languageFeatures';
import { Problems } from './problems';
import { runEditorTests } from './testRuns';
import { callTool, listTools } from './tools';
import { UnsavedDocuments, readDocument, writeDocument } from './unsavedDocuments';

interface Connection {
  onRequest<P, R>(method: string, handler: (params: P, token: vscode.CancellationToken) => Promise<R>): vscode.Disposable;
  sendNotification(method: string, params: unknown): Promise<void>;
}

/**
 * Registers the request handlers. Call `begin` once connected to report documents with unsaved changes.
 * `toError` creates the error of a response from its message.
 */
export function serveEditor(
  connection: Connection,
  toError: (message: string) => Error,
): { disposable: vscode.Disposable; begin: () => void } {
  const disposables = new Disposables();
  const problems = disposables.add(new Problems());
  const answer = <P, R>(
    { method }: RequestType<P, R, ErrorData>,
    handle: (params: P, token: vscode.CancellationToken) => R | Promise<R>,
  ): void => {
    const handler = async (params: P, token: vscode.CancellationToken): Promise<R> => {
      try {
        return await handle(params, token);
      } catch (error) {
        throw toError(error instanceof Error ? error.message : String(error));
      }
    };
    disposables.add(connection.onRequest(method, handler));
  };
  answer(hostReadDocument, readDocument);
  answer(hostWriteDocument, writeDocument);
  answer(hostProblems, (params, token) => problems.list(params, token));
  // Not passed as they are, so that their modules are loaded with the first request.
  answer(hostSymbols, (params, token) => findSymbols(params, token));
  answer(hostReferences, (params, token) => findReferences(params, token));
  answer(hostRename, (params) => findRename(params));
  answer(hostTests, (params, token) => runEditorTests(params, token));
  answer(hostRunCell, (params, token) => runCell(params, token));
  answer(hostTools, () => listTools());
  answer(hostCallTool, (params, token) => callTool(params, token));
  return {
    disposable: disposables,
    begin: () =>
      void disposables.add(new UnsavedDocuments((paths) => void connection.sendNotification(workspaceUnsaved.method, { paths }))),
  };
}
