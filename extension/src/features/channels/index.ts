import * as v from 'valibot';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import type { CodexSummary } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { ChannelTree, type ChannelNode } from './channelTree';
import { archiveChat, commands, deleteChat, renameChat } from './commands';

export function activateChannels(sidecar: Sidecar, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  const tree = disposables.add(new ChannelTree(sidecar));
  const view = disposables.add(
    vscode.window.createTreeView<ChannelNode>('plue.chatChannels', { treeDataProvider: tree, showCollapseAll: false }),
  );

  const onRow = (id: string, action: (codex: CodexSummary) => Promise<unknown>): void => {
    disposables.add(
      vscode.commands.registerCommand(id, async (node: unknown) => {
        const codex = codexOf(tree, node, view.selection[0]);
        if (codex) await runWithErrorHandling(log, () => action(codex));
      }),
    );
  };
  onRow(commands.open, (codex) => Promise.resolve(vscode.commands.executeCommand('plue.openChat', codex.uri)));
  onRow(commands.rename, (codex) => renameChat(sidecar, codex));
  onRow(commands.archive, (codex) => archiveChat(sidecar, codex, true));
  onRow(commands.unarchive, (codex) => archiveChat(sidecar, codex, false));
  onRow(commands.delete, (codex) => deleteChat(sidecar, codex));
  disposables.add(vscode.commands.registerCommand(commands.refresh, () => tree.refresh()));
  return disposables;
}

const chatNode = v.object({ type: v.literal('chat'), codex: v.object({ uri: v.string() }) });

/** A menu hands over the row, whose address is looked up; a key hands over nothing and means the selected row. */
function codexOf(tree: ChannelTree, node: unknown, selected: ChannelNode | undefined): CodexSummary | undefined {
  const parsed = v.safeParse(chatNode, node);
  if (parsed.success) return tree.chat(parsed.output.codex.uri);
  return selected?.type === 'chat' ? tree.chat(selected.codex.uri) : undefined;
}
