// Importable items from other programs, as rows of a list.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { formatBytes, formatTime } from '../../common/format';
import type { QuickPickItem } from '../../infrastructure/window';
import type {
  ProgramImportGroupView,
  ProgramImportItemView,
  ProgramImportKind,
  ImportableProgramView,
} from '../../protocol/protocol.generated';

/** Items of one kind from one program, and those that the user selected. */
export interface FoundGroup {
  program: ImportableProgramView;
  kind: ProgramImportKind;
  /** Items that were not imported yet. */
  items: ProgramImportItemView[];
  /** Number of items that were already imported. */
  importedCount: number;
  isTruncated: boolean;
  chosen: ReadonlySet<string>;
}

export interface GroupRow extends QuickPickItem {
  group?: FoundGroup;
}

export interface ItemRow extends QuickPickItem {
  id: string;
}

const icons: Record<ProgramImportKind, string> = {
  chats: 'comment-discussion',
  agents: 'hubot',
  prompts: 'symbol-string',
  instructions: 'book',
  keys: 'key',
  mcpServers: 'server',
  skills: 'lightbulb',
};

export function kindName(kind: ProgramImportKind): string {
  const names: Record<ProgramImportKind, string> = {
    chats: l10n.t('Chats'),
    agents: l10n.t('Agents'),
    prompts: l10n.t('Prompts'),
    instructions: l10n.t('Instructions'),
    keys: l10n.t('API keys'),
    mcpServers: l10n.t('MCP servers'),
    skills: l10n.t('Skills'),
  };
  return names[kind];
}

export function groupOf(program: ImportableProgramView, { kind, items, isTruncated }: ProgramImportGroupView): FoundGroup {
  const fresh = items.filter(({ address }) => address === undefined);
  return {
    program,
    kind,
    items: fresh,
    importedCount: items.length - fresh.length,
    isTruncated,
    chosen: new Set(fresh.map(({ id }) => id)),
  };
}

/** Lists programs as separators, and below each the kinds with importable items. */
export function rowsOf(groups: readonly FoundGroup[]): GroupRow[] {
  const programs = [...new Set(groups.map(({ program }) => program))];
  return programs.flatMap((program) => {
    const rows = groups.filter((group) => group.program === program && group.items.length > 0).map(rowOf);
    return rows.length === 0 ? [] : [{ label: program.name, kind: vscode.QuickPickItemKind.Separator }, ...rows];
  });
}

function rowOf(group: FoundGroup): GroupRow {
  const { kind, items, chosen, importedCount, isTruncated } = group;
  const some = items.filter(({ id }) => chosen.has(id));
  const size = some.reduce((sum, item) => sum + item.size, 0);
  const details = [
    chosen.size === items.length
      ? isTruncated
        ? l10n.t('{0} newest', items.length)
        : String(items.length)
      : l10n.t('{0} of {1}', chosen.size, items.length),
    ...(size > 0 ? [formatBytes(size)] : []),
    ...(importedCount > 0 ? [l10n.t('{0} imported before', importedCount)] : []),
  ];
  return {
    label: kindName(kind),
    icon: icons[kind],
    description: details.join(' · '),
    detail: titlesOf(some),
    group,
    buttons: [{ iconPath: new vscode.ThemeIcon('list-selection'), tooltip: l10n.t('Select Items…') }],
  };
}

function titlesOf(items: readonly ProgramImportItemView[]): string {
  const shown = items.slice(0, 3).map(({ title }) => title);
  return items.length > shown.length ? [...shown, '…'].join(', ') : shown.join(', ');
}

export function itemRowsOf({ items, chosen }: FoundGroup): ItemRow[] {
  return items.map(({ id, title, path, size, updatedAt, detail }) => ({
    label: title,
    description: [formatTime(updatedAt), ...(size > 0 ? [formatBytes(size)] : []), ...(detail === undefined ? [] : [detail])].join(' · '),
    detail: path,
    picked: chosen.has(id),
    id,
  }));
}
