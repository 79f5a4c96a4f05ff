// State of a chat that outlives its webview: draft and scroll position. The sidecar stores everything else.
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
  /** The ID of the last message when it was sent. */
  after: v.optional(v.string()),
  /** True if it was returned to the draft because it was not confirmed as stored. */
  isBack: v.boolean(),
});

const place = v.object({
  /** Zero-based index of the first message in view. */
  index: v.number(),
  messageId: v.optional(v.string()),
  /** Offset of that message from the top of the view, in pixels. */
  offset: v.number(),
});

/** An attached text that is not a file; its source limits its size. */
export const attachedText = v.object({ name: v.string(), text: v.string() });

export type AttachedText = v.InferOutput<typeof attachedText>;

/** Whether the active file, and a selection in it, are sent with the message. */
export const editorChoice = v.object({ file: v.boolean(), selection: v.boolean() });

export type EditorChoice = v.InferOutput<typeof editorChoice>;

/** Validated again by its readers. */
export const savedState = v.object({
  codexId: v.string(),
  draft: v.string(),
  /** Attachments of the draft. */
  attachments: v.optional(v.array(attachment)),
  /** Attached texts of the draft. */
  texts: v.optional(v.array(attachedText)),
  unstored: v.optional(unstored),
  /** Present only if the user changed it in this chat. */
  editor: v.optional(editorChoice),
  /** Null while the view follows the end of the chat. */
  place: v.nullable(place),
});

/** A sent message that is not confirmed as stored. */
export type Unstored = v.InferOutput<typeof unstored>;

/** The scroll position of a chat. */
export type Place = v.InferOutput<typeof place>;

export type SavedState = v.InferOutput<typeof savedState>;

/** Returns undefined if the state is invalid. */
export function readSavedState(data: unknown): SavedState | undefined {
  const parsed = v.safeParse(savedState, data);
  return parsed.success ? parsed.output : undefined;
}

const restoredState = v.object({ codexId: v.pipe(v.string(), v.regex(conversationPattern)) });

/** Returns the chat of a restored webview, or undefined if the state has none. */
export function readRestoredChat(state: unknown): string | undefined {
  const parsed = v.safeParse(restoredState, state);
  return parsed.success ? parsed.output.codexId : undefined;
}
