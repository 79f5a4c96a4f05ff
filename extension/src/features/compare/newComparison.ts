// Asks for the goal, the contestants and the budget of a comparison.
import * as l10n from '../../infrastructure/localizedText';
import { priceText } from '../../common/format';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import { showInputBox, showQuickPick } from '../../infrastructure/window';
import { compareStart, providerList, providerModels, templateList } from '../../protocol/protocol.generated';
import type { CompareView, ContestantParams, ProviderModelsResult } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { internalTag } from '../../server/pickTemplate';

const minContestants = 2;
const maxContestants = 6;
const defaultBudget = '2';

/** @throws UserCancelledError */
export async function newComparison(sidecar: Pick<Sidecar, 'request'>): Promise<CompareView> {
  const goal = await showInputBox({
    title: l10n.t('Compare Models on a Goal'),
    prompt: l10n.t('What should be done, and how to tell that it is done'),
    ignoreFocusOut: true,
    validateInput: (value) => (value.trim() === '' ? l10n.t('Enter the goal.') : undefined),
  });
  if (goal === undefined || goal.trim() === '') throw new UserCancelledError();
  const templates = await pickTemplates(sidecar);
  const [only] = templates;
  const contestants =
    templates.length === 1 && only !== undefined ? await pickModels(sidecar, only) : templates.map((templateId) => ({ templateId }));
  if (contestants.length < minContestants || contestants.length > maxContestants) {
    throw new FailureError('badRequest', l10n.t('Select {0} to {1} models or templates.', minContestants, maxContestants));
  }
  const budget = await showInputBox({
    title: l10n.t('Budget of the Comparison'),
    prompt: l10n.t('What all of them can spend together, in USD'),
    value: defaultBudget,
    ignoreFocusOut: true,
    validateInput: (value) => (Number(value) > 0 ? undefined : l10n.t('Enter an amount above 0.')),
  });
  if (budget === undefined || !(Number(budget) > 0)) throw new UserCancelledError();
  return sidecar.request(compareStart, { goal: goal.trim(), contestants, budget: { usd: Number(budget) } });
}

async function pickTemplates(sidecar: Pick<Sidecar, 'request'>): Promise<string[]> {
  const { templates } = await sidecar.request(templateList, {});
  const rows = templates
    .filter(({ collection, isActive, tags }) => collection === 'tasks' && isActive && !tags.includes(internalTag))
    .map(({ id, name, description }) => ({ label: name, ...(description === undefined ? {} : { description }), id }));
  const chosen = await showQuickPick(rows, {
    title: l10n.t('Select Agents'),
    placeHolder: l10n.t('Select one to compare models, or several to compare them with their own models'),
    canPickMany: true,
    ignoreFocusOut: true,
    matchOnDescription: true,
  });
  if (chosen === undefined || chosen.length === 0) throw new UserCancelledError();
  return chosen.map(({ id }) => id);
}

async function pickModels(sidecar: Pick<Sidecar, 'request'>, templateId: string): Promise<ContestantParams[]> {
  const { items } = await sidecar.request(providerList, {});
  const usable = items.filter(({ enabled, fault }) => enabled && fault === undefined);
  const lists = await Promise.all(usable.map(async ({ id, name }) => rowsOf(id, name, await sidecar.request(providerModels, { id }))));
  const rows = lists.flat().map(({ provider, model, ...row }) => ({ ...row, contestant: { templateId, provider, model } }));
  const chosen = await showQuickPick(rows, {
    title: l10n.t('Select {0} to {1} Models', minContestants, maxContestants),
    placeHolder: l10n.t('Each edits its own git worktree without asking, unless its agent is set to ask'),
    canPickMany: true,
    ignoreFocusOut: true,
    matchOnDescription: true,
  });
  if (chosen === undefined || chosen.length === 0) throw new UserCancelledError();
  return chosen.map(({ contestant }) => contestant);
}

function rowsOf(
  provider: string,
  name: string,
  { models }: ProviderModelsResult,
): { label: string; description: string; provider: string; model: string }[] {
  return models.map((model) => {
    const price = priceText(model);
    return {
      label: model.name ?? model.id,
      description: price === undefined ? name : `${name} · ${price}`,
      provider,
      model: model.id,
    };
  });
}
