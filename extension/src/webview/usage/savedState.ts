// State that VS Code keeps across reloads.
import * as v from 'valibot';
import { periods, type PeriodChoice } from './period';

const day = v.optional(v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/)));
const savedState = v.object({ period: v.picklist(periods), from: day, to: day }) satisfies v.GenericSchema<unknown, PeriodChoice>;

export function readSavedState(data: unknown): PeriodChoice | undefined {
  const parsed = v.safeParse(savedState, data);
  return parsed.success ? parsed.output : undefined;
}
