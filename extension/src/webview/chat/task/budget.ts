// Budget of a task: limits, usage including subtasks, and reserved amounts.
import * as l10n from '@vscode/l10n';
import type { TaskBudgetView, TaskView } from '../../../protocol/protocol.generated';
import { atLeast, formatTokens, formatCost, notAvailable, formatDuration } from '../../../common/format';

export interface BudgetBar {
  name: string;
  /** As "$0.21 of $1.00, $0.30 reserved". */
  words: string;
  /** Usage without reserved amounts. */
  spent: string;
  /** From 0 to 1; undefined without a limit or if usage is unknown. */
  share: number | undefined;
  /** Share reserved for subtasks, from 0 to 1. */
  reservedShare: number;
  isReached: boolean;
}

const kinds = [
  { key: 'usd', name: l10n.t('Cost'), words: formatCost },
  { key: 'tokens', name: l10n.t('Tokens'), words: formatTokens },
  { key: 'rounds', name: l10n.t('Rounds'), words: String },
  { key: 'seconds', name: l10n.t('Time'), words: (value: number) => formatDuration(value * 1000) },
] as const satisfies { key: keyof TaskBudgetView; name: string; words: (value: number) => string }[];

/** Finished subtasks have released their reservation. */
const ended: readonly string[] = ['done', 'failed', 'stopped'];

export function barsOf(task: Pick<TaskView, 'totalSpent' | 'budget' | 'isLocal'>, children: readonly TaskView[]): BudgetBar[] {
  return kinds.flatMap(({ key, name, words }) => {
    const limit = task.budget[key];
    const spent = task.totalSpent[key];
    if (limit === undefined && spent === undefined) {
      const unknown = task.isLocal ? l10n.t('local') : notAvailable;
      return key === 'usd' ? [{ name, words: unknown, spent: unknown, share: undefined, reservedShare: 0, isReached: false }] : [];
    }
    const reserved = children.reduce((sum, child) => sum + reservedBy(child, key), 0);
    const isLocal = key === 'usd' && task.isLocal && (spent ?? 0) === 0;
    const amount = isLocal
      ? l10n.t('local')
      : spent === undefined
        ? notAvailable
        : atLeast(words(spent), key === 'usd' && task.totalSpent.usdIsAtLeast);
    const said = limit === undefined ? amount : l10n.t('{0} of {1}', amount, words(limit));
    const share = limit === undefined || limit <= 0 || spent === undefined ? undefined : Math.min(1, spent / limit);
    return [
      {
        name,
        words: reserved > 0 ? l10n.t('{0}, {1} reserved', said, words(reserved)) : said,
        spent: said,
        share,
        reservedShare: share === undefined || limit === undefined ? 0 : Math.min(1 - share, reserved / limit),
        isReached: share !== undefined && share >= 1,
      },
    ];
  });
}

function reservedBy({ budget, totalSpent, status }: TaskView, key: keyof TaskBudgetView): number {
  const limit = budget[key];
  return limit === undefined || ended.includes(status) ? 0 : Math.max(0, limit - (totalSpent[key] ?? 0));
}
