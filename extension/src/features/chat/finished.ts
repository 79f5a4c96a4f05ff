// Says that an answer has ended, where the user wants to hear it and does not see it.
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import type { Log } from '../../infrastructure/logging';
import { codexList, settingsGet } from '../../protocol/protocol.generated';
import type { MessageEventParams } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { visibleText } from '../../webview/shared/visibleText';

export interface FinishedHouse {
  sidecar: Sidecar;
  log: Log;
  isVisible: (codexId: string) => boolean;
  open: (codexId: string, title: string) => void;
}

/** Answers that end this close to each other share one notification. */
const gatherMs = 1000;

interface Ending {
  codexId: string;
  hasFailed: boolean;
}

/** Every hidden answer is told, however short it was: a hidden chat means that the reader looks elsewhere. */
export function tellWhenFinished(house: FinishedHouse): vscode.Disposable {
  const disposables = new Disposables();
  let gathered: Ending[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tellAll = (): void => {
    const endings = gathered;
    [gathered, timer] = [[], undefined];
    tell(endings, house).catch((error: unknown) =>
      house.log.warn(`Nobody was told of ${endings.length} answers that ended: ${toFailureError(error).message}`),
    );
  };
  disposables.add(
    house.sidecar.onMessageEvent((params) => {
      const ending = endingOf(params);
      if (ending === undefined) return;
      gather(ending, house)
        .then((isWanted) => {
          if (!isWanted) return;
          gathered = [...gathered.filter(({ codexId }) => codexId !== ending.codexId), ending];
          timer ??= setTimeout(tellAll, gatherMs);
        })
        .catch((error: unknown) =>
          house.log.warn(`Nobody was told that ${ending.codexId} has its answer: ${toFailureError(error).message}`),
        );
    }),
  );
  disposables.add({ dispose: () => clearTimeout(timer) });
  return disposables;
}

function endingOf({ codexId, event }: MessageEventParams): Ending | undefined {
  // Whoever stopped it knows.
  if (event.kind !== 'turnFinished' || event.stopReason === 'stopped') return undefined;
  return { codexId, hasFailed: event.stopReason === 'failed' };
}

/** Whether the user wants to hear of it; a chat in a window that is not in front counts as hidden. */
async function gather({ codexId }: Ending, { sidecar, isVisible }: FinishedHouse): Promise<boolean> {
  const isSeen = (): boolean => isVisible(codexId) && vscode.window.state.focused;
  const wasSeen = isSeen();
  const { values } = await sidecar.request(settingsGet, {});
  const wanted = values['notify_when_finished'] ?? 'when_hidden';
  return wanted === 'always' || (wanted === 'when_hidden' && !wasSeen && !isSeen());
}

async function tell(endings: Ending[], { sidecar, open }: FinishedHouse): Promise<void> {
  const collections = [...new Set(endings.map(({ codexId }) => (codexId.startsWith('codex://tasks/') ? 'tasks' : 'chats')))];
  const lists = await Promise.all(collections.map((collection) => sidecar.request(codexList, { collection, includeArchived: true })));
  const items = lists.flatMap((list) => list.items);
  const chats = endings.flatMap(({ codexId, hasFailed }) => {
    const codex = items.find(({ uri }) => uri === codexId);
    if (codex === undefined) return [];
    const title = visibleText(codex.title);
    return [{ codexId, hasFailed, title, label: title.trim() === '' ? 'New chat' : title }];
  });
  const [first] = chats;
  if (first === undefined) return;
  if ((await vscode.window.showInformationMessage(wordsFor(chats), 'Show')) !== 'Show') return;
  const chosen =
    chats.length === 1
      ? first
      : await vscode.window.showQuickPick(
          chats.map((chat) => ({ ...chat, description: chat.hasFailed ? 'Stopped with an error' : '' })),
          { title: 'Which chat?' },
        );
  if (chosen !== undefined) open(chosen.codexId, chosen.title);
}

function wordsFor(chats: { label: string; hasFailed: boolean }[]): string {
  const [only] = chats;
  if (only !== undefined && chats.length === 1)
    return only.hasFailed ? `“${only.label}” stopped with an error.` : `“${only.label}” has its answer.`;
  const failed = chats.filter(({ hasFailed }) => hasFailed).length;
  return `${chats.length} chats have ended${failed === 0 ? '' : `, ${failed} with an error`}.`;
}
