// What VS Code keeps of the page across reloads. Draft and scroll position belong to the page; everything else is in the sidecar.
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
  /** The last message when it was sent. */
  after: v.optional(v.string()),
  /** It is in the draft again, because nobody confirmed it. */
  isBack: v.boolean(),
});

const place = v.object({
  /** Of the first message in view, from 0 in the branch that is shown. */
  index: v.number(),
  messageId: v.optional(v.string()),
  /** Pixels from its top to the top of the view. */
  offset: v.number(),
});

const savedState = v.object({
  codexId: v.string(),
  draft: v.string(),
  /** Of the draft. */
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
