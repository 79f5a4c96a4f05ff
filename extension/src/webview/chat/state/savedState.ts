// State that VS Code keeps across reloads: draft and scroll position. Everything else is in the sidecar.
import * as v from 'valibot';

const attachment = v.object({
  path: v.optional(v.string()),
  blob: v.optional(v.string()),
  name: v.optional(v.string()),
  mediaType: v.optional(v.string()),
  range: v.optional(v.object({ start: v.number(), end: v.number() })),
  mode: v.optional(v.picklist(['whole', 'summary'])),
  allowOutside: v.optional(v.boolean()),
});

const unstored = v.object({
  text: v.string(),
  attachments: v.array(attachment),
  /** The last message at the time of sending. */
  after: v.optional(v.string()),
  /** True if it was restored to the draft because nothing confirmed it. */
  isBack: v.boolean(),
});

const place = v.object({
  /** Zero-based index of the first message in view. */
  index: v.number(),
  messageId: v.optional(v.string()),
  /** Pixels from its top to the top of the view. */
  offset: v.number(),
});

const savedState = v.object({
  codexId: v.string(),
  draft: v.string(),
  /** Attachments of the draft. */
  attachments: v.optional(v.array(attachment)),
  unstored: v.optional(unstored),
  /** Null while following the end. */
  place: v.nullable(place),
});

/** A message that was sent and is not known to be stored. */
export type Unstored = v.InferOutput<typeof unstored>;

/** The scroll position of a chat. */
export type Place = v.InferOutput<typeof place>;

export type SavedState = v.InferOutput<typeof savedState>;

/** Returns undefined if the state is damaged or belongs to another chat. */
export function readSavedState(data: unknown, codexId: string): SavedState | undefined {
  const parsed = v.safeParse(savedState, data);
  return parsed.success && parsed.output.codexId === codexId ? parsed.output : undefined;
}
