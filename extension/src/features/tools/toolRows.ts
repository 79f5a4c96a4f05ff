// The rows of the list of tools.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { formatInteger } from '../../common/format';
import type { QuickPickItem } from '../../infrastructure/window';
import type { McpServerView, VsCodeToolView } from '../../protocol/protocol.generated';

export interface ToolRow extends QuickPickItem {
  /** Set for an MCP server: `SERVER/TOOL`, or `SERVER/*` for the server's own row. */
  name?: string;
  server?: string;
  /** Set for a tool of VS Code. */
  tool?: VsCodeToolView;
  /** Estimated tokens in each request. */
  tokens?: number;
}

/** Lists MCP servers, then VS Code's tools by source, changed ones first. VS Code hides the groups while filtering, so each row also names its source. */
export function rowsOf(servers: readonly McpServerView[], tools: readonly VsCodeToolView[]): ToolRow[] {
  return [...servers.flatMap(serverRows), ...toolRows(tools)];
}

/** True for rows that are checked initially; a changed tool is not. @param selected `SERVER/TOOL` and `SERVER/*`. */
export function checkedRows(selected: readonly string[]): (row: ToolRow) => boolean {
  const names = new Set(selected);
  return ({ name, server, tool }) =>
    tool?.state === 'enabled' || (name !== undefined && (names.has(name) || names.has(`${server ?? ''}/*`)));
}

/** The row of a server counts only while its tools are unknown. */
export function tokensOf(rows: readonly Pick<ToolRow, 'name' | 'tool' | 'tokens'>[]): { count: number; tokens: number } {
  const counted = rows.filter(({ name, tool }) => tool !== undefined || name?.endsWith('/*') === false);
  return { count: counted.length, tokens: counted.reduce((sum, { tokens = 0 }) => sum + tokens, 0) };
}

function serverRows({ name, state, tools, tokens, error }: McpServerView): ToolRow[] {
  return [
    separator(l10n.t('MCP server {0}', name)),
    {
      label: l10n.t('{0}: all tools', name),
      description: [
        tools.length === 1 ? l10n.t('1 tool') : l10n.t('{0} tools', tools.length),
        l10n.t('about {0} tokens', formatInteger(tokens ?? 0)),
        ...(state === 'notApproved' ? [l10n.t('not approved')] : []),
      ].join(', '),
      ...(error === undefined ? {} : { icon: 'warning', detail: error }),
      name: `${name}/*`,
      server: name,
    },
    ...tools.map((tool) => ({
      label: tool.name.slice(name.length + 1),
      description: l10n.t('{0}, about {1} tokens', tool.name, formatInteger(tool.tokens)),
      detail: tool.description,
      name: tool.name,
      server: name,
      tokens: tool.tokens,
    })),
  ];
}

function toolRows(tools: readonly VsCodeToolView[]): ToolRow[] {
  const button = { iconPath: new vscode.ThemeIcon('info'), tooltip: l10n.t('Show Details') };
  const rows = (some: readonly VsCodeToolView[]): ToolRow[] =>
    some.map((tool) => ({
      label: tool.title,
      description:
        tool.state === 'changed'
          ? l10n.t('{0} from {1}, off because it changed', tool.fullName, tool.source)
          : l10n.t('{0} from {1}, about {2} tokens', tool.fullName, tool.source, formatInteger(tool.tokens)),
      detail: tool.description,
      ...(tool.state === 'changed' ? { icon: 'warning' } : {}),
      buttons: [button],
      tool,
      tokens: tool.tokens,
    }));
  const sources = [...new Set(tools.map(({ source }) => source))].sort((one, other) => one.localeCompare(other));
  const changed = tools.filter(({ state }) => state === 'changed');
  return [
    ...(changed.length === 0 ? [] : [separator(l10n.t('changed')), ...rows(changed)]),
    ...sources.flatMap((source) => {
      const own = tools.filter((tool) => tool.source === source && tool.state !== 'changed');
      return own.length === 0 ? [] : [separator(source), ...rows(own)];
    }),
  ];
}

function separator(label: string): ToolRow {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}
