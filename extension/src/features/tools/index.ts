// Selects the MCP tools that all chats have, and the language model tools of VS Code and its extensions.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling } from '../../infrastructure/errors';
import {
  createQuickPick,
  literalItem,
  setQuickPickTitle,
  showInformationMessage,
  showWarningMessage,
  withProgress,
} from '../../infrastructure/window';
import { mcpList, mcpStart, settingsGet, settingsSet, vsCodeToolList, vsCodeToolSelect } from '../../protocol/protocol.generated';
import type { McpServerView, VsCodeToolView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { formatInteger } from '../../common/format';
import { commands } from './commands';
import { checkedRows, rowsOf, tokensOf, type ToolRow } from './toolRows';
import { ToolReports } from './toolReports';

/** The setting with the MCP tools of all chats: `SERVER/TOOL` or `SERVER/*`. */
const setting = 'chat_mcp_tools';

export function activateTools(sidecar: Sidecar, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  const reports = disposables.add(new ToolReports());
  disposables.add(
    vscode.commands.registerCommand(commands.selectTools, () =>
      runWithErrorHandling(log, () => selectTools(sidecar, (tool) => runWithErrorHandling(log, () => reports.show(tool)))),
    ),
  );
  return disposables;
}

async function selectTools(sidecar: Sidecar, show: (tool: VsCodeToolView) => unknown): Promise<void> {
  const [servers, tools, { values }] = await Promise.all([listServers(sidecar), listTools(sidecar), sidecar.request(settingsGet, {})]);
  const before = namesIn(values[setting]);
  if (servers.length === 0 && tools.length === 0) {
    void showInformationMessage(l10n.t('There are no MCP servers, and VS Code and its extensions offer no tools in this window.'));
    return;
  }
  const checked = await pickTools(rowsOf(servers, tools), checkedRows(before), show);
  if (checked === undefined) return;
  await saveServerTools(sidecar, servers, before, checked);
  if (tools.length > 0)
    await sidecar.request(vsCodeToolSelect, {
      tools: checked.flatMap(({ tool }) => (tool === undefined ? [] : [{ name: tool.name, fingerprint: tool.fingerprint }])),
    });
  const waiting = servers.filter(({ name, state }) => state === 'notApproved' && checked.some((row) => row.server === name));
  if (waiting.length === 0) {
    void showInformationMessage(messageOf(checked));
    return;
  }
  const manage = l10n.t('Manage MCP Servers');
  const names = waiting.map(({ name }) => name).join(', ');
  if ((await showWarningMessage(l10n.t('Chats get the tools of {0} after you approve the server.', names), manage)) === manage)
    await vscode.commands.executeCommand('plue.servers', waiting.length === 1 ? waiting[0]?.name : undefined);
}

/** Starts approved servers whose tools are unknown. */
async function listServers(sidecar: Sidecar): Promise<McpServerView[]> {
  const { servers } = await sidecar.request(mcpList, {});
  const unknown = servers.filter(({ state, tools }) => state === 'stopped' && tools.length === 0);
  if (unknown.length === 0) return servers;
  await withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Starting MCP servers…') }, () =>
    // A server that fails to start is listed with its failure.
    Promise.allSettled(unknown.map(({ name }) => sidecar.request(mcpStart, { name }))),
  );
  return (await sidecar.request(mcpList, {})).servers;
}

/** An untrusted folder has no tools. */
async function listTools(sidecar: Sidecar): Promise<VsCodeToolView[]> {
  try {
    return (await sidecar.request(vsCodeToolList, {})).tools;
  } catch (error) {
    if (error instanceof FailureError && error.kind === 'badRequest') return [];
    throw error;
  }
}

/** Keeps tools of servers that are not listed, such as those of another workspace. */
async function saveServerTools(
  sidecar: Sidecar,
  servers: readonly McpServerView[],
  before: readonly string[],
  checked: readonly ToolRow[],
): Promise<void> {
  const whole = new Set(checked.flatMap(({ name }) => (name?.endsWith('/*') === true ? [name] : [])));
  const isListed = (name: string): boolean => servers.some((server) => name.startsWith(`${server.name}/`));
  const now = [
    ...before.filter((name) => !isListed(name)),
    ...checked.flatMap(({ name, server }) => (name === undefined || (!whole.has(name) && whole.has(`${server ?? ''}/*`)) ? [] : [name])),
  ];
  if (now.join('\n') !== before.join('\n')) await sidecar.request(settingsSet, { name: setting, value: now });
}

/** Resolves to the checked rows; undefined if the user cancels. */
function pickTools(
  all: readonly ToolRow[],
  isChecked: (row: ToolRow) => boolean,
  show: (tool: VsCodeToolView) => unknown,
): Promise<ToolRow[] | undefined> {
  const pick = createQuickPick<ToolRow>(l10n.t('Select Tools'), l10n.t('Select the tools that agents may use in all chats'));
  const rows = all.map((row) => literalItem(row));
  pick.canSelectMany = true;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  // Stays open next to the details of a tool, and when the Command Palette returns focus to a webview.
  pick.ignoreFocusOut = true;
  pick.items = rows;
  pick.selectedItems = rows.filter((_, at) => {
    const row = all[at];
    return row !== undefined && isChecked(row);
  });
  let before = new Set(pick.selectedItems);
  const showSum = (): void => setQuickPickTitle(pick, sumOf(pick.selectedItems));
  showSum();
  return new Promise((resolve) => {
    pick.onDidChangeSelection((now) => {
      const next = withGroups(rows, before, now);
      before = new Set(next);
      if (next.length !== now.length) pick.selectedItems = next;
      showSum();
    });
    pick.onDidTriggerItemButton(({ item }) => {
      if (item.tool !== undefined) show(item.tool);
    });
    pick.onDidAccept(() => {
      resolve([...pick.selectedItems]);
      pick.hide();
    });
    // Has no effect after the selection was accepted.
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

/** Checking or clearing a server's row applies to all its tools, and clearing a tool clears its server's row. */
export function withGroups<T extends Pick<ToolRow, 'name' | 'server'>>(rows: readonly T[], before: ReadonlySet<T>, now: readonly T[]): T[] {
  const next = new Set(now);
  for (const whole of rows.filter(({ name }) => name?.endsWith('/*') === true)) {
    const own = rows.filter((row) => row.server === whole.server && row !== whole);
    const [was, is] = [before.has(whole), next.has(whole)];
    if (is && !was) own.forEach((row) => next.add(row));
    else if (was && !is) own.forEach((row) => next.delete(row));
    else if (is && own.some((row) => !next.has(row))) next.delete(whole);
  }
  return rows.filter((row) => next.has(row));
}

function sumOf(checked: readonly ToolRow[]): LocalizedText {
  const { count, tokens } = tokensOf(checked);
  return count === 1
    ? l10n.t('Select Tools: 1 tool, about {0} tokens in each request', formatInteger(tokens))
    : l10n.t('Select Tools: {0} tools, about {1} tokens in each request', count, formatInteger(tokens));
}

function messageOf(checked: readonly ToolRow[]): LocalizedText {
  const { count, tokens } = tokensOf(checked);
  if (count === 0) return l10n.t('Chats have no tools of MCP servers or VS Code.');
  return count === 1
    ? l10n.t('Chats have 1 of these tools, about {0} tokens in each request. Each call needs your approval.', formatInteger(tokens))
    : l10n.t(
        'Chats have {0} of these tools, about {1} tokens in each request. Each call needs your approval.',
        count,
        formatInteger(tokens),
      );
}

function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}
