// Says that an answer has ended, where the user wants to hear it and does not see it.
import * as vscode from 'vscode';
import { toFailureError } from '../../infrastructure/errors';
import type { Log } from '../../infrastructure/logging';
import { codexList, settingsGet } from '../../protocol/protocol.generated';
import type { MessageEventParams } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

export interface FinishedHouse {
  sidecar: Sidecar;
  log: Log;
  isVisible: (codexId: string) => boolean;
  open: (codexId: string, title: string) => void;
}

export function tellWhenFinished(house: FinishedHouse): vscode.Disposable {
  return house.sidecar.onMessageEvent((params) => {
    tell(params, house).catch((error: unknown) =>
      house.log.warn(`Nobody was told that ${params.codexId} has its answer: ${toFailureError(error).message}`),
    );
  });
}

async function tell({ codexId, event }: MessageEventParams, { sidecar, isVisible, open }: FinishedHouse): Promise<void> {
  // Whoever stopped it knows.
  if (event.kind !== 'turnFinished' || event.stopReason === 'stopped') return;
  const wasVisible = isVisible(codexId);
  const { values } = await sidecar.request(settingsGet, {});
  const wanted = values['notify_when_finished'] ?? 'when_hidden';
  if (wanted === 'never' || (wanted === 'when_hidden' && (wasVisible || isVisible(codexId)))) return;
  const { items } = await sidecar.request(codexList, { collection: 'chats', includeArchived: true });
  const codex = items.find(({ uri }) => uri === codexId);
  if (codex === undefined) return;
  const title = codex.title.trim() === '' ? 'New chat' : codex.title;
  const words = event.stopReason === 'failed' ? `“${title}” stopped with an error.` : `“${title}” has its answer.`;
  if ((await vscode.window.showInformationMessage(words, 'Show')) === 'Show') open(codexId, codex.title);
}
