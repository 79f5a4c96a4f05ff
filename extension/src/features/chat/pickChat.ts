import * as l10n from '../../infrastructure/localizedText';
import { formatTime } from '../../common/format';
import { displayTitle } from '../../common/title';
import { showInformationMessage, showQuickPick } from '../../infrastructure/window';
import { codexList } from '../../protocol/protocol.generated';
import type { CodexSummary } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

/** Search Chats finds older chats. */
const limit = 200;

/** Lets the user select a chat, newest first. */
export async function pickChat(sidecar: Sidecar, placeHolder = l10n.t('Select a chat to open')): Promise<CodexSummary | undefined> {
  const { items } = await sidecar.request(codexList, { collection: 'chats', limit });
  const used = items.filter(({ messageCount }) => messageCount > 0);
  if (used.length === 0) {
    void showInformationMessage(l10n.t('There are no chats yet.'));
    return undefined;
  }
  const rows = used.map((chat) => ({ label: displayTitle(chat.title), description: formatTime(chat.updatedAt, 'short'), chat }));
  const chosen = await showQuickPick(rows, {
    title: l10n.t('Chats'),
    placeHolder,
    matchOnDescription: true,
    // If a view's button or the Command Palette opened it, VS Code may return focus to the webview.
    ignoreFocusOut: true,
  });
  return chosen?.chat;
}
