// Starts a task with the values of the form.
import { taskSpawn } from '../../protocol/protocol.generated';
import type { TaskBudgetView, TaskSpawnParams } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

const prefix = 'codex://providers/';

/** Converts the form's values for task/spawn. A fallback chain remains a field of the task. */
export function spawnParams(
  templateId: string,
  title: string | undefined,
  given: Readonly<Record<string, unknown>>,
  parentId: string | undefined,
): TaskSpawnParams {
  const { goal, provider_ref: provider, model, budget, ...rest } = given;
  const isOne = typeof provider === 'string';
  const values = {
    ...rest,
    ...(title === undefined || title === '' ? {} : { title }),
    ...(isOne || provider === undefined || provider === null ? {} : { provider_ref: provider }),
  };
  const limits = budgetOf(budget);
  return {
    templateId,
    goal: typeof goal === 'string' ? goal : '',
    ...(Object.keys(values).length === 0 ? {} : { values }),
    ...(isOne ? { provider: provider.startsWith(prefix) ? provider.slice(prefix.length) : provider } : {}),
    ...(typeof model === 'string' ? { model } : {}),
    ...(limits === undefined ? {} : { budget: limits }),
    ...(parentId === undefined ? {} : { parentId }),
  };
}

/** @returns The URI of the task. */
export async function startTask(sidecar: Sidecar, params: TaskSpawnParams): Promise<string> {
  return (await sidecar.request(taskSpawn, params)).uri;
}

function budgetOf(given: unknown): TaskBudgetView | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const written = new Map<string, unknown>(Object.entries(given));
  const limit = (name: keyof TaskBudgetView): TaskBudgetView => {
    const value = written.get(name);
    return typeof value === 'number' ? { [name]: value } : {};
  };
  const budget = { ...limit('usd'), ...limit('tokens'), ...limit('rounds'), ...limit('seconds') };
  return Object.keys(budget).length === 0 ? undefined : budget;
}
