// Notifies the user that a response finished in a chat that is not visible.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import type { Log } from '../../infrastructure/logging';
import { showInformationMessage, showQuickPick } from '../../infrastructure/window';
import { isTask } from '../../common/isTask';
import { codexList, settingsGet } from '../../protocol/protocol.generated';
import type { CodexSummary, MessageEventParams } from '../../protocol/protocol.generated';
import { isInBackground } from '../../server/backgroundChat';
import type { Sidecar } from '../../server/client';
import type { SystemNotifications } from '../../server/systemNotifications';
import { displayTitle } from '../../common/title';
import { visibleText } from '../../common/visibleText';

export interface FinishedServices {
  sidecar: Sidecar;
  log: Log;
  systemNotifications: Pick<SystemNotifications, 'show'>;
  isVisible: (codexId: string) => boolean;
  open: (codexId: string, title: string) => void;
}

/** Responses that finish within this time, in milliseconds, share one notification. */
const gatherMs = 1000;

interface Ending {
  codexId: string;
  hasFailed: boolean;
}

/** A finished chat or task to report. */
interface Ended {
  codexId: string;
  title: string;
  label: string;
  isTask: boolean;
  end: 'answered' | 'done' | 'overBudget' | 'failed';
}

const endSentences = {
  answered: (name: string) => l10n.t('Response ready in “{0}”.', name),
  done: (name: string) => l10n.t('“{0}” finished.', name),
  overBudget: (name: string) => l10n.t('“{0}” reached its limit.', name),
  failed: (name: string) => l10n.t('“{0}” failed.', name),
} as const satisfies Record<Ended['end'], (name: string) => string>;

const endText = {
  answered: l10n.t('response ready'),
  done: l10n.t('finished'),
  overBudget: l10n.t('reached its limit'),
  failed: l10n.t('failed'),
} as const satisfies Record<Ended['end'], string>;

/** Notifies even about short responses: the user is not looking at a hidden chat. */
export function notifyWhenFinished(services: FinishedServices): vscode.Disposable {
  const disposables = new Disposables();
  let gathered: Ending[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const notifyAll = (): void => {
    const endings = gathered;
    [gathered, timer] = [[], undefined];
    notify(endings, services).catch((error: unknown) =>
      services.log.warn(`${endings.length} finished responses could not be reported: ${toFailureError(error).message}`),
    );
  };
  disposables.add(
    services.sidecar.onMessageEvent((params) => {
      const ending = endingOf(params);
      if (ending === undefined) return;
      gather(ending, services)
        .then((isWanted) => {
          if (!isWanted) return;
          gathered = [...gathered.filter(({ codexId }) => codexId !== ending.codexId), ending];
          timer ??= setTimeout(notifyAll, gatherMs);
        })
        .catch((error: unknown) =>
          services.log.warn(`The notification for ${ending.codexId} could not be shown: ${toFailureError(error).message}`),
        );
    }),
  );
  disposables.add({ dispose: () => clearTimeout(timer) });
  return disposables;
}

function endingOf({ codexId, event }: MessageEventParams): Ending | undefined {
  // No notification if the user stopped the response.
  if (event.kind !== 'turnFinished' || event.stopReason === 'stopped') return undefined;
  return { codexId, hasFailed: event.stopReason === 'failed' };
}

/** True if the user should be notified. In an inactive window every chat counts as hidden. */
async function gather({ codexId }: Ending, { sidecar, isVisible }: FinishedServices): Promise<boolean> {
  const isSeen = (): boolean => isVisible(codexId) && vscode.window.state.focused;
  const wasSeen = isSeen();
  const { values } = await sidecar.request(settingsGet, {});
  const wanted = values['notify_when_finished'] ?? 'when_hidden';
  return wanted === 'always' || (wanted === 'when_hidden' && !wasSeen && !isSeen());
}

async function notify(endings: Ending[], { sidecar, systemNotifications, open }: FinishedServices): Promise<void> {
  const collections = [...new Set(endings.map(({ codexId }) => (codexId.startsWith('codex://tasks/') ? 'tasks' : 'chats')))];
  const list = async (collection: string): Promise<CodexSummary[]> =>
    (await sidecar.request(codexList, { collection, includeArchived: true })).items;
  const items = (await Promise.all(collections.map(list))).flat();
  // A chat that was turned into a task keeps its URI.
  const isListed = ({ codexId }: Ending): boolean => items.some(({ uri }) => uri === codexId);
  if (!collections.includes('tasks') && !endings.every(isListed)) items.push(...(await list('tasks')));
  const chats = endings.flatMap(({ codexId, hasFailed }): Ended[] => {
    const codex = items.find(({ uri }) => uri === codexId);
    if (codex === undefined || isInBackground(codex)) return [];
    const isAgent = isTask(codex);
    const parent = items.find(({ uri }) => uri === codex.spawnedBy);
    const isSubtask = codex.spawnedBy?.startsWith('codex://tasks/') === true || (parent !== undefined && isTask(parent));
    const isOverBudget = codex.taskStatus === 'over_budget';
    // Subtasks report to their parent; the user is needed only to increase a budget.
    if (isSubtask && !isOverBudget) return [];
    const title = visibleText(codex.title);
    const label = displayTitle(codex.title, isAgent ? 'task' : 'chat');
    const end: Ended['end'] = isOverBudget ? 'overBudget' : hasFailed ? 'failed' : isAgent ? 'done' : 'answered';
    return [{ codexId, title, label, isTask: isAgent, end }];
  });
  const [first] = chats;
  if (first === undefined) return;
  const [text, show] = [textFor(chats), l10n.t('Show')];
  void systemNotifications.show(text);
  if ((await showInformationMessage(text, show)) !== show) return;
  const chosen =
    chats.length === 1
      ? first
      : await showQuickPick(
          chats.map((chat) => ({ ...chat, description: endText[chat.end] })),
          { title: l10n.t('Select a chat or task') },
        );
  if (chosen !== undefined) open(chosen.codexId, chosen.title);
}

function textFor(chats: readonly Ended[]): LocalizedText {
  const [only] = chats;
  if (only !== undefined && chats.length === 1) return endSentences[only.end](only.label);
  const tasks = chats.filter(({ isTask }) => isTask).length;
  const [failed, overBudget] = (['failed', 'overBudget'] as const).map((end) => chats.filter((chat) => chat.end === end).length);
  const sentences = [
    tasks === 0
      ? l10n.t('{0} chats finished.', chats.length)
      : tasks === chats.length
        ? l10n.t('{0} tasks finished.', chats.length)
        : l10n.t('{0} chats and tasks finished.', chats.length),
    failed === 0 ? '' : l10n.t('Failed: {0}.', failed ?? 0),
    overBudget === 0 ? '' : l10n.t('Limit reached: {0}.', overBudget ?? 0),
  ];
  return l10n.verbatim(sentences.filter((sentence) => sentence !== '').join(' '));
}
