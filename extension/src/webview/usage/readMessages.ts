// What arrives at the page is checked here, once: anything that is not one of the messages is dropped.
import * as v from 'valibot';
import { usageSummaryResultSchema } from '../../protocol/schemas.generated';
import type { ToUsagePage } from './messages';
import { periods, type PeriodChoice } from './period';

const day = v.optional(v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/)));

const toPage: v.GenericSchema<unknown, ToUsagePage> = v.variant('type', [
  v.object({
    type: v.literal('usage'),
    asked: v.object({ from: day, to: day, utcOffsetMinutes: v.optional(v.number()) }),
    usage: usageSummaryResultSchema,
  }),
  v.object({ type: v.literal('exported'), file: v.string() }),
  v.object({ type: v.literal('refused'), error: v.object({ kind: v.string(), message: v.string() }) }),
]);

/** Undefined for anything the host does not say. */
export function readToUsagePage(data: unknown): ToUsagePage | undefined {
  const parsed = v.safeParse(toPage, data);
  return parsed.success ? parsed.output : undefined;
}

const kept: v.GenericSchema<unknown, PeriodChoice> = v.object({ period: v.picklist(periods), from: day, to: day });

/** What the page kept over a reload. */
export function readKeptPeriod(data: unknown): PeriodChoice | undefined {
  const parsed = v.safeParse(kept, data);
  return parsed.success ? parsed.output : undefined;
}
