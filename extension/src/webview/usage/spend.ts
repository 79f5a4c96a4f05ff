// Cost by time and provider, for the chart and its table. Pure.
import * as l10n from '@vscode/l10n';
import type { UsageDay, UsageParams } from '../../protocol/protocol.generated';
import { locale } from '../../common/locale';
import { daysBetween } from './period';

/** A name and the cost of each bucket, in USD. */
export interface SpendSeries {
  name: string;
  total: number;
  spent: number[];
}

export interface Spend {
  unit: 'day' | 'month';
  /** As `2026-11-21` or `2026-11`, oldest first, without gaps. */
  buckets: string[];
  /** Sorted by cost, highest first. */
  series: SpendSeries[];
}

/** Maximum number of bars. */
const maxDays = 92;
/** Maximum number of series; the rest is combined. */
const maxSeries = 6;

/** @param today The last day of a period without an end. */
export function spendOf(days: readonly UsageDay[], asked: UsageParams, today: string): Spend {
  const paid = days.filter(({ figures }) => figures.cost > 0);
  const first = asked.from ?? days[0]?.day ?? today;
  const last = asked.to ?? days.at(-1)?.day ?? today;
  const all = daysBetween(first, asked.to === undefined && last < today ? today : last);
  const unit = all.length > maxDays ? 'month' : 'day';
  const keyOf = (day: string): string => (unit === 'month' ? day.slice(0, 7) : day);
  const buckets = [...new Set(all.map(keyOf))];
  const at = new Map(buckets.map((bucket, index) => [bucket, index]));
  const byProvider = new Map<string, SpendSeries>();
  for (const { day, providerId, providerName, figures } of paid) {
    const index = at.get(keyOf(day));
    if (index === undefined) continue;
    const series = byProvider.get(providerId) ?? { name: providerName, total: 0, spent: buckets.map(() => 0) };
    series.total += figures.cost;
    series.spent[index] = (series.spent[index] ?? 0) + figures.cost;
    byProvider.set(providerId, series);
  }
  const sorted = [...byProvider.values()].sort((one, other) => other.total - one.total || one.name.localeCompare(other.name));
  const rest = sorted.splice(sorted.length > maxSeries ? maxSeries - 1 : sorted.length);
  if (rest.length > 0) {
    sorted.push({
      name: l10n.t('{0} others', rest.length),
      total: rest.reduce((sum, { total }) => sum + total, 0),
      spent: buckets.map((_, index) => rest.reduce((sum, { spent }) => sum + (spent[index] ?? 0), 0)),
    });
  }
  return { unit, buckets, series: sorted };
}

/** Returns "21 Nov" or "Nov 2026". */
export function bucketText(bucket: string): string {
  const isMonth = bucket.length === 7;
  const date = new Date(`${isMonth ? `${bucket}-01` : bucket}T00:00:00Z`);
  return date.toLocaleDateString(locale, {
    timeZone: 'UTC',
    month: 'short',
    ...(isMonth ? { year: 'numeric' } : { day: 'numeric' }),
  });
}
