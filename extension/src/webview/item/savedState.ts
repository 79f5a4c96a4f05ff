// What VS Code keeps of the page across reloads.
import * as v from 'valibot';

const values = v.record(v.string(), v.unknown());
const target = v.union([
  v.strictObject({ templateId: v.string(), values: v.optional(values), parentId: v.optional(v.string()) }),
  v.strictObject({ uri: v.string() }),
]);

/** Changes of one form that are not saved. */
const draft = v.object({ target, changes: values });

/** The form that is shown, and the drafts of all forms. */
const savedState = v.object({ target, drafts: v.array(draft) });

export type Draft = v.InferOutput<typeof draft>;
export type SavedState = v.InferOutput<typeof savedState>;

export function readSavedState(data: unknown): SavedState | undefined {
  const parsed = v.safeParse(savedState, data);
  return parsed.success ? parsed.output : undefined;
}
