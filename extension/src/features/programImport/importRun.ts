// One import from other programs and its report. Items are imported one by one, to show progress and to allow canceling.
import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { withProgress } from '../../infrastructure/window';
import { programImportRun } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { kindName, type FoundGroup } from './found';

export interface ImportedItem {
  group: FoundGroup;
  title: string;
  /** What was omitted, or why the item was not imported. */
  notes: string[];
}

export interface ImportReport {
  runId: string;
  imported: ImportedItem[];
  failed: ImportedItem[];
  isCanceled: boolean;
}

/** Options for MCP servers. */
export interface ServerOptions {
  storeKeys: boolean;
  userFolder?: string;
}

/** Imports the selected items of the groups. */
export async function importGroups(
  sidecar: Pick<Sidecar, 'request'>,
  groups: readonly FoundGroup[],
  options: ServerOptions,
): Promise<ImportReport> {
  const report: ImportReport = { runId: randomUUID(), imported: [], failed: [], isCanceled: false };
  const total = groups.reduce((sum, { chosen }) => sum + chosen.size, 0);
  await withProgress(
    { location: vscode.ProgressLocation.Notification, title: l10n.t('Importing into Plue'), cancellable: true },
    async (progress, token) => {
      for (const group of groups) {
        for (const item of group.items.filter(({ id }) => group.chosen.has(id))) {
          if (token.isCancellationRequested) break;
          progress.report({ increment: 100 / total, message: l10n.verbatim(`${group.program.name}: ${item.title}`) });
          await importItem(sidecar, report, { group, item, options }, token);
        }
      }
      report.isCanceled = token.isCancellationRequested;
    },
  );
  return report;
}

async function importItem(
  sidecar: Pick<Sidecar, 'request'>,
  report: ImportReport,
  { group, item: { id, title }, options }: { group: FoundGroup; item: { id: string; title: string }; options: ServerOptions },
  token: vscode.CancellationToken,
): Promise<void> {
  try {
    const { imported, failed } = await sidecar.request(
      programImportRun,
      { runId: report.runId, program: group.program.id, kind: group.kind, ids: [id], ...(group.kind === 'mcpServers' ? options : {}) },
      token,
    );
    report.imported.push(...imported.map(({ notes }) => ({ group, title, notes })));
    report.failed.push(...failed.map(({ message }) => ({ group, title, notes: [message] })));
  } catch (error) {
    if (token.isCancellationRequested) return;
    report.failed.push({ group, title, notes: [error instanceof Error ? error.message : l10n.t('Unknown error')] });
  }
}

/** Returns the report as Markdown. */
export function reportText({ imported, failed }: ImportReport): string {
  const section = (title: string, items: readonly ImportedItem[]): string[] =>
    items.length === 0 ? [] : [`## ${title}`, '', ...items.flatMap(lines), ''];
  return [`# ${l10n.t('Switch to Plue')}`, '', ...section(l10n.t('Not imported'), failed), ...section(l10n.t('Imported'), imported)].join(
    '\n',
  );
}

function lines({ group, title, notes }: ImportedItem): string[] {
  return [`- ${plain(`${group.program.name}, ${kindName(group.kind)}: ${title}`)}`, ...notes.map((note) => `  - ${plain(note)}`)];
}

/** Escapes titles and paths, so that they are not rendered. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>#|!~]/g, '\\$&');
}
