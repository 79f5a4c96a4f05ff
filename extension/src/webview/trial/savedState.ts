// State that VS Code keeps across reloads.
import * as v from 'valibot';

/** The template and the values of its form. */
const savedState = v.object({ id: v.string(), values: v.record(v.string(), v.unknown()) });

export type SavedState = v.InferOutput<typeof savedState>;

export function readSavedState(data: unknown): SavedState | undefined {
  const parsed = v.safeParse(savedState, data);
  return parsed.success ? parsed.output : undefined;
}
