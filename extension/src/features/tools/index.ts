// Selects which language model tools of VS Code and its extensions agents may use.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import { createQuickPick, literalItem, showInformationMessage, type QuickPickItem } from '../../infrastructure/window';
import { vsCodeToolList, vsCodeToolSelect } from '../../protocol/protocol.generated';
import type { VsCodeToolListResult, VsCodeToolView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { commands } from './commands';
import { ToolReports } from './toolReports';

interface ToolRow extends QuickPickItem {
  tool?: VsCodeToolView;
}

export function activateTools(sidecar: Sidecar, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  const reports = disposables.add(new ToolReports());
  disposables.add(
    vscode.commands.registerCommand(commands.selectVsCodeTools, () =>
      runWithErrorHandling(log, async () => {
        const listed = await sidecar.request(vsCodeToolList, {});
        if (listed.tools.length === 0) {
          void showInformationMessage(l10n.t('VS Code and its extensions offer no tools in this window.'));
          return;
        }
        const selected = await pickTools(listed, (tool) => runWithErrorHandling(log, () => reports.show(tool)));
        if (selected === undefined) return;
        const { tools } = await sidecar.request(vsCodeToolSelect, {
          tools: selected.map(({ name, fingerprint }) => ({ name, fingerprint })),
        });
        const enabled = tools.filter(({ state }) => state === 'enabled').length;
        void showInformationMessage(
          enabled === 0
            ? l10n.t('Agents can use no tools of VS Code.')
            : enabled === 1
              ? l10n.t('Agents can use 1 tool of VS Code. Each call needs your approval.')
              : l10n.t('Agents can use {0} tools of VS Code. Each call needs your approval.', enabled),
        );
      }),
    ),
  );
  return disposables;
}

/** Resolves to the checked tools; undefined if the list was closed. A changed tool is not checked. */
function pickTools({ tools }: VsCodeToolListResult, show: (tool: VsCodeToolView) => unknown): Promise<VsCodeToolView[] | undefined> {
  const pick = createQuickPick<ToolRow>(
    l10n.t('Select VS Code Tools'),
    l10n.t('Select the tools of VS Code and its extensions that agents may use'),
  );
  const rows = rowsOf(tools).map((row) => literalItem(row));
  pick.canSelectMany = true;
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  // It stays open beside the details of a tool, and when the Command Palette returns the focus to a webview.
  pick.ignoreFocusOut = true;
  pick.items = rows;
  pick.selectedItems = rows.filter(({ tool }) => tool?.state === 'enabled');
  return new Promise((resolve) => {
    pick.onDidTriggerItemButton(({ item }) => {
      if (item.tool !== undefined) show(item.tool);
    });
    pick.onDidAccept(() => {
      resolve(pick.selectedItems.flatMap(({ tool }) => (tool === undefined ? [] : [tool])));
      pick.hide();
    });
    // After an accepted selection this resolves nothing.
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}

/** Grouped by source, those that changed first. VS Code hides the groups while it filters, so each row names its source too. */
export function rowsOf(tools: readonly VsCodeToolView[]): ToolRow[] {
  const button = { iconPath: new vscode.ThemeIcon('info'), tooltip: l10n.t('Show Details') };
  const rows = (some: readonly VsCodeToolView[]): ToolRow[] =>
    some.map((tool) => ({
      label: tool.title,
      description:
        tool.state === 'changed'
          ? l10n.t('{0} from {1}, off because it changed', tool.fullName, tool.source)
          : l10n.t('{0} from {1}, about {2} tokens', tool.fullName, tool.source, tool.tokens),
      detail: tool.description,
      ...(tool.state === 'changed' ? { icon: 'warning' } : {}),
      buttons: [button],
      tool,
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
