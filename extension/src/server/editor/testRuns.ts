// Runs tests with VS Code's test tool. VS Code asks the user before each run.
import * as vscode from 'vscode';
import type { HostTestsParams, HostTestsResult } from '../../protocol/protocol.generated';
import { textOf } from './toolContent';

/** A tool of VS Code itself, because its API does not give other extensions the results of a run. */
const runTests = 'runTests';
const maxResult = 100_000;

/** Returns no result if this editor lacks the tool. */
export async function runEditorTests({ files, names }: HostTestsParams, token?: vscode.CancellationToken): Promise<HostTestsResult> {
  // Editors based on VS Code may lack this API.
  const lm: unknown = Reflect.get(vscode, 'lm');
  if (lm === undefined || !('tools' in vscode.lm) || !vscode.lm.tools.some(({ name }) => name === runTests)) return {};
  const input = { ...(files.length > 0 ? { files } : {}), ...(names.length > 0 ? { testNames: names } : {}) };
  const { content } = await vscode.lm.invokeTool(runTests, { input, toolInvocationToken: undefined }, token);
  const text = content
    .map((part) => textOf(part) ?? '')
    .join('\n')
    .trim();
  return { result: text === '' ? 'The run ended without a report.' : text.slice(0, maxResult) };
}
