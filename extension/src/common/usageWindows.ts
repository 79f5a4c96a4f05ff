// Displays limits of a subscription: "5-hour limit 92 % used, resets 14:00".
import * as l10n from '@vscode/l10n';
import type { ProviderSummary, UsageWindowView } from '../protocol/protocol.generated';
import { locale } from './locale';

/** Returns one text for each limit that has not been reset. */
export function windowTexts({ windows }: Pick<ProviderSummary, 'windows'>, now: Date): string[] {
  return (windows ?? []).flatMap((window) => {
    const resetsAt = new Date(window.resetsAt);
    return resetsAt > now ? [l10n.t('{0} {1}% used, resets {2}', nameOf(window), window.usedPercent, timeOf(resetsAt, now))] : [];
  });
}

function nameOf({ name }: UsageWindowView): string {
  const [, kind, model] = /^(five_hour|seven_day)(?:_([a-z]+))?$/.exec(name) ?? [];
  const limit = kind === 'five_hour' ? l10n.t('5-hour limit') : kind === 'seven_day' ? l10n.t('Weekly limit') : l10n.t('Limit {0}', name);
  return model === undefined ? limit : `${limit} (${model.charAt(0).toUpperCase()}${model.slice(1)})`;
}

/** Includes the day unless it is within 24 hours. */
function timeOf(time: Date, now: Date): string {
  const clock = { hour: '2-digit', minute: '2-digit' } as const;
  const isSoon = time.getTime() - now.getTime() < 24 * 60 * 60 * 1000;
  return isSoon ? time.toLocaleTimeString(locale, clock) : time.toLocaleString(locale, { weekday: 'short', ...clock });
}
