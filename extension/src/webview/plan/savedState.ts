// State that VS Code keeps across reloads.
import * as v from 'valibot';

/** The plan, and the comment that is being written. `step` is the title of a step. */
const savedState = v.object({
  uri: v.string(),
  comment: v.optional(v.object({ step: v.optional(v.string()), line: v.optional(v.string()), text: v.string() })),
});

export type SavedState = v.InferOutput<typeof savedState>;

export function readSavedState(data: unknown): SavedState | undefined {
  const parsed = v.safeParse(savedState, data);
  return parsed.success ? parsed.output : undefined;
}
