// Which days are meant. Pure: the day of today comes from outside.
import type { UsageParams } from '../../protocol/protocol.generated';

export const periods = ['week', 'days30', 'month', 'all', 'custom'] as const;
export type Period = (typeof periods)[number];

export interface PeriodChoice {
  period: Period;
  /** Of a custom one, as `2026-11-21`; either may be open. */
  from?: string | undefined;
  to?: string | undefined;
}

/** As `2026-11-21`, in the reader's own time. */
export function dayOf(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The day so many days later, or before. */
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

/** Every day from the first to the last, both included; nothing where they stand the wrong way round. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day);
  return days;
}
