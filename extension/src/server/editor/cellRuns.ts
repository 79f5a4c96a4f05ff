// Runs notebook cells with the kernel that the user selected.
import * as v from 'valibot';
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { toFailureError } from '../../infrastructure/errors';
import type { HostCellOutcome, HostRunCellParams, HostRunCellResult, HostToolContent } from '../../protocol/protocol.generated';
import { notebookMs } from './notebooks';
import { contentOf, limited } from './toolContent';
import { hashOf, workspaceUri } from './workspaceDocuments';

/** Time to select and start a kernel, in milliseconds. */
const startMs = 120_000;

/** Time for a cell to start after VS Code accepted it, in milliseconds. Without a start, the user closed the list of kernels. */
const handedOverMs = 10_000;

const errorMime = 'application/vnd.code.notebook.error';
const streamMimes = ['application/vnd.code.notebook.stdout', 'application/vnd.code.notebook.stderr'];
const failure = v.object({ name: v.optional(v.string(), 'Error'), message: v.optional(v.string(), ''), stack: v.optional(v.string(), '') });

/** Runs the cell in an editor that shows its notebook, unless it differs from the cell that the user approved. */
export async function runCell(
  { path, cell: index, expectedHash, seconds }: HostRunCellParams,
  token: vscode.CancellationToken,
): Promise<HostRunCellResult> {
  const uri = workspaceUri(path);
  if (uri === undefined) throw new Error(l10n.t('This notebook is not in a trusted workspace folder.'));
  const notebook = await vscode.workspace.openNotebookDocument(uri);
  await vscode.window.showNotebookDocument(notebook, { preserveFocus: true, preview: false });
  const cell = index < notebook.cellCount ? notebook.cellAt(index) : undefined;
  if (cell === undefined || cell.kind !== vscode.NotebookCellKind.Code || hashOf(sourceOf(cell)) !== expectedHash)
    return { outcome: 'changed', content: [] };
  const outcome = await execute(cell, seconds * 1000, token);
  if (outcome !== 'notStarted') await markedAsUnsaved();
  const content = outcome === 'notStarted' ? [] : limited(cell.outputs.flatMap(({ items }) => contentOfOutput(items)));
  return { outcome, content };
}

/** VS Code marks a notebook as unsaved shortly after its outputs change. The agent's next call needs that state. */
function markedAsUnsaved(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2 * notebookMs));
}

function execute(cell: vscode.NotebookCell, ms: number, token: vscode.CancellationToken): Promise<HostCellOutcome> {
  const target = { ranges: [{ start: cell.index, end: cell.index + 1 }], document: cell.notebook.uri };
  return new Promise((resolve, reject) => {
    let hasStarted = false;
    const stop = (outcome: HostCellOutcome): void => {
      end(outcome);
      void vscode.commands.executeCommand('notebook.cell.cancelExecution', target);
    };
    let timer = setTimeout(() => stop('notStarted'), startMs);
    const restart = (limit: number, outcome: HostCellOutcome): void => {
      clearTimeout(timer);
      timer = setTimeout(() => stop(outcome), limit);
    };
    const watching = vscode.workspace.onDidChangeNotebookDocument(({ cellChanges }) => {
      const changed = cellChanges.find((one) => one.cell === cell);
      const summary = changed?.executionSummary;
      if (changed === undefined || (summary === undefined && changed.outputs === undefined)) return;
      if (!hasStarted) restart(ms, 'timedOut');
      hasStarted = true;
      if (summary?.success !== undefined) end(summary.success ? 'succeeded' : 'failed');
    });
    const cancelling = token.onCancellationRequested(() => {
      reject(new vscode.CancellationError());
      stop('failed');
    });
    const end = (outcome: HostCellOutcome): void => {
      clearTimeout(timer);
      watching.dispose();
      cancelling.dispose();
      resolve(outcome);
    };
    vscode.commands.executeCommand('notebook.cell.execute', target).then(
      () => {
        if (!hasStarted) restart(handedOverMs, 'notStarted');
      },
      (error: unknown) => {
        reject(toFailureError(error));
        end('failed');
      },
    );
  });
}

/** Returns the richest format that a model understands. */
function contentOfOutput(items: readonly vscode.NotebookCellOutputItem[]): HostToolContent[] {
  const of = (fits: (mime: string) => boolean): vscode.NotebookCellOutputItem | undefined => items.find(({ mime }) => fits(mime));
  const error = of((mime) => mime === errorMime);
  if (error !== undefined) return [{ kind: 'text', text: errorText(textOf(error)) }];
  const stream = items.filter(({ mime }) => streamMimes.includes(mime));
  if (stream.length > 0) return [{ kind: 'text', text: stream.map(textOf).join('').trimEnd() }];
  const image = of((mime) => /^image\/(?:png|jpeg|gif|webp)$/.test(mime));
  const plain =
    of((mime) => mime === 'text/plain') ?? (image === undefined ? (of((mime) => mime.startsWith('text/')) ?? items[0]) : undefined);
  return [plain, image].flatMap((item) => (item === undefined ? [] : [withoutEscapes(contentOf(item.mime, item.data))]));
}

function errorText(json: string): string {
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), failure), json);
  if (!read.success) return withoutAnsi(json);
  const { name, message, stack } = read.output;
  return withoutAnsi([`${name}: ${message}`, stack].filter((part) => part !== '').join('\n'));
}

function textOf({ data }: vscode.NotebookCellOutputItem): string {
  return withoutAnsi(new TextDecoder().decode(data));
}

function withoutEscapes(content: HostToolContent): HostToolContent {
  return content.kind === 'text' ? { kind: 'text', text: withoutAnsi(content.text).trimEnd() } : content;
}

/** Kernels color their output. */
function withoutAnsi(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');
}

function sourceOf(cell: vscode.NotebookCell): string {
  return cell.document.getText().replace(/\r\n/g, '\n');
}
