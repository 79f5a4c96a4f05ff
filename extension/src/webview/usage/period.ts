// Periods of days. Pure: the current day is a parameter.
import type { UsageParams } from '../../protocol/protocol.generated';

export const periods = ['week', 'days30', 'month', 'all', 'custom'] as const;
export type Period = (typeof periods)[number];

export interface PeriodChoice {
  period: Period;
  /** Days of a custom period, as `2026-11-21`; both are optional. */
  from?: string | undefined;
  to?: string | undefined;
}

/** Returns `2026-11-21`, in local time. */
export function dayOf(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Returns a day shifted by a number of days, which may be negative. */
export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

export function paramsOf(choice: PeriodChoice, today: string, utcOffsetMinutes: number): UsageParams {
  switch (choice.period) {
    case 'week':
      return { from: addDays(today, -6), to: today, utcOffsetMinutes };
    case 'days30':
      return { from: addDays(today, -29), to: today, utcOffsetMinutes };
    case 'month':
      return { from: `${today.slice(0, 8)}01`, to: today, utcOffsetMinutes };
    case 'all':
      return { utcOffsetMinutes };
    case 'custom':
      return {
        ...(choice.from === undefined ? {} : { from: choice.from }),
        ...(choice.to === undefined ? {} : { to: choice.to }),
        utcOffsetMinutes,
      };
  }
}

/** Returns all days from first to last, inclusive; empty if they are reversed. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}
