// State that VS Code keeps across reloads.
import * as v from 'valibot';

const values = v.record(v.string(), v.unknown());
const target = v.union([
  v.strictObject({ templateId: v.string(), values: v.optional(values), parentId: v.optional(v.string()) }),
  v.strictObject({ uri: v.string() }),
]);

/** Unsaved changes of a form. */
const draft = v.object({ target, changes: values });

/** The current form, and the unsaved changes of all forms. */
const savedState = v.object({ target, drafts: v.array(draft) });

export type Draft = v.InferOutput<typeof draft>;
export type SavedState = v.InferOutput<typeof savedState>;

export function readSavedState(data: unknown): SavedState | undefined {
  const parsed = v.safeParse(savedState, data);
  return parsed.success ? parsed.output : undefined;
}
