// Lists the permission rules that approvals stored, and removes them.
import * as l10n from '../../infrastructure/localizedText';
import { UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showQuickPick } from '../../infrastructure/window';
import { approvalDeleteRule, approvalRules } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { formatTime } from '../../common/format';
import { visibleText } from '../../common/visibleText';

export async function manageRules(sidecar: Sidecar): Promise<void> {
  const { rules } = await sidecar.request(approvalRules, {});
  if (rules.length === 0) {
    void showInformationMessage(l10n.t('No permission rules. Select Always Allow… in an approval to add one.'));
    return;
  }
  const rows = rules.map(({ id, rule, folder, createdAt }) => ({
    label: visibleText(rule),
    description: visibleText(folder ?? l10n.t('in every workspace folder')),
    detail: l10n.t('Since {0}', formatTime(createdAt)),
    id,
  }));
  const chosen = await showQuickPick(rows, {
    title: l10n.t('Permission Rules'),
    placeHolder: l10n.t('Select the rules to remove. Matching actions then ask for approval again.'),
    canPickMany: true,
    matchOnDescription: true,
  });
  if (chosen === undefined || chosen.length === 0) throw new UserCancelledError();
  for (const { id } of chosen) await sidecar.request(approvalDeleteRule, { id });
  void showInformationMessage(chosen.length === 1 ? l10n.t('The rule was removed.') : l10n.t('{0} rules were removed.', chosen.length));
}
