// State that VS Code keeps across reloads.
import * as v from 'valibot';

/** The comparison. */
const savedState = v.object({ uri: v.string() });

export type SavedState = v.InferOutput<typeof savedState>;

export function readSavedState(data: unknown): SavedState | undefined {
  const parsed = v.safeParse(savedState, data);
  return parsed.success ? parsed.output : undefined;
}
