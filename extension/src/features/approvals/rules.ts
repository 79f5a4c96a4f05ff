// The rules that "always" stored, to be taken back.
import * as l10n from '../../infrastructure/localizedText';
import { UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showQuickPick } from '../../infrastructure/window';
import { approvalForget, approvalRules } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { formatTime } from '../../common/format';
import { visibleText } from '../../common/visibleText';

export async function manageRules(sidecar: Sidecar): Promise<void> {
  const { rules } = await sidecar.request(approvalRules, {});
  if (rules.length === 0) {
    void showInformationMessage(l10n.t('No rule is stored. “Always…” under an approval stores one.'));
    return;
  }
  const rows = rules.map(({ id, rule, folder, createdAt }) => ({
    label: visibleText(rule),
    description: visibleText(folder ?? l10n.t('in every folder')),
    detail: l10n.t('Since {0}', formatTime(createdAt)),
    id,
  }));
  const chosen = await showQuickPick(rows, {
    title: l10n.t('Always Rules'),
    placeHolder: l10n.t('Choose those to take back: then it is asked again'),
    canPickMany: true,
    matchOnDescription: true,
  });
  if (chosen === undefined || chosen.length === 0) throw new UserCancelledError();
  for (const { id } of chosen) await sidecar.request(approvalForget, { id });
  void showInformationMessage(chosen.length === 1 ? l10n.t('The rule is gone.') : l10n.t('{0} rules are gone.', chosen.length));
}
