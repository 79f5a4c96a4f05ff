import * as l10n from '../../infrastructure/localizedText';
import { UserCancelledError } from '../../infrastructure/errors';
import { showInputBox } from '../../infrastructure/window';
import type { ChosenAgent } from '../../common/messages/chat';
import type { Sidecar } from '../../server/client';
import { pickTemplate } from '../../server/pickTemplate';

/** Asks for an agent and a budget. */
export async function pickAgent(sidecar: Sidecar): Promise<ChosenAgent> {
  const title = l10n.t('Run as Task with Budget');
  const none = l10n.t('No task templates found. Run Plue: New Template to create one.');
  const { id, name } = await pickTemplate(sidecar, { title, collections: ['tasks'], none });
  const written = await showInputBox({
    title,
    prompt: l10n.t('Cost limit of the task and its subtasks in US dollars. Leave empty for the limit of the template.'),
    validateInput: (value) => (budgetOf(value) === null ? l10n.t('Enter a number greater than 0.') : undefined),
  });
  const budget = written === undefined ? null : budgetOf(written);
  if (budget === null) throw new UserCancelledError();
  return { id, name, isAgent: true, ...(budget === undefined ? {} : { budget }) };
}

/** Null if it is not a budget; undefined for none. */
function budgetOf(written: string): number | null | undefined {
  if (written.trim() === '') return undefined;
  const value = Number(written);
  return Number.isFinite(value) && value >= 0.01 && value <= 100_000 ? value : null;
}
