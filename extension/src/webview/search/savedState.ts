// State that VS Code keeps across reloads.
import * as v from 'valibot';
import { periods, roles, statuses, type SearchForm } from './query';

const savedState = v.object({
  form: v.object({
    text: v.string(),
    period: v.picklist(periods),
    from: v.string(),
    to: v.string(),
    providerId: v.string(),
    model: v.string(),
    role: v.picklist(['', ...roles]),
    status: v.picklist(['', ...statuses]),
    tags: v.array(v.string()),
    hasCode: v.boolean(),
    includeArchived: v.boolean(),
  }) satisfies v.GenericSchema<unknown, SearchForm>,
  /** `keyOf` the last selected result. */
  chosen: v.optional(v.string()),
});

export type SavedState = v.InferOutput<typeof savedState>;

export function readSavedState(data: unknown): SavedState | undefined {
  const parsed = v.safeParse(savedState, data);
  return parsed.success ? parsed.output : undefined;
}
