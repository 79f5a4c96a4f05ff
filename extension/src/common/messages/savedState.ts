// State of a chat's webview that outlives it: draft and scroll position. Everything else is in the sidecar.
import * as v from 'valibot';
import { conversationPattern } from './fields';

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

/** Attached text that is not a file; its size is limited where it is read. */
export const attachedText = v.object({ name: v.string(), text: v.string() });

export type AttachedText = v.InferOutput<typeof attachedText>;

/** Whether the active file, and a selection in it, are sent with the message. */
export const editorChoice = v.object({ file: v.boolean(), selection: v.boolean() });

export type EditorChoice = v.InferOutput<typeof editorChoice>;

/** Validated again where it is read. */
export const savedState = v.object({
  codexId: v.string(),
  draft: v.string(),
  /** Attachments of the draft. */
  attachments: v.optional(v.array(attachment)),
  /** Attached texts of the draft. */
  texts: v.optional(v.array(attachedText)),
  unstored: v.optional(unstored),
  /** Only if the user changed it in this chat. */
  editor: v.optional(editorChoice),
  /** Null while following the end. */
  place: v.nullable(place),
});

/** A message that was sent and is not known to be stored. */
export type Unstored = v.InferOutput<typeof unstored>;

/** The scroll position of a chat. */
export type Place = v.InferOutput<typeof place>;

export type SavedState = v.InferOutput<typeof savedState>;

/** Returns undefined if the state is damaged. */
export function readSavedState(data: unknown): SavedState | undefined {
  const parsed = v.safeParse(savedState, data);
  return parsed.success ? parsed.output : undefined;
}

const restoredState = v.object({ codexId: v.pipe(v.string(), v.regex(conversationPattern)) });

/** The chat of a restored webview, or undefined if its state names none. */
export function readRestoredChat(state: unknown): string | undefined {
  const parsed = v.safeParse(restoredState, state);
  return parsed.success ? parsed.output.codexId : undefined;
}
