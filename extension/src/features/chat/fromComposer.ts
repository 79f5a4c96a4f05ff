// What a composer may say to its panel.
import * as v from 'valibot';
import type { ComposerFromPage } from '../../webview/shared/viewMessages';

const text = v.string();
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));
const path = v.pipe(v.string(), v.minLength(1), v.maxLength(8000));
const line = v.pipe(v.number(), v.integer(), v.minValue(1));
const range = v.strictObject({ start: line, end: line });

export const attachment = v.strictObject({
  path: v.optional(path),
  blob: v.optional(id),
  name: v.optional(path),
  mediaType: v.optional(id),
  range: v.optional(range),
  mode: v.optional(v.picklist(['whole', 'summary'])),
  allowOutside: v.optional(v.boolean()),
});
export const attachments = v.pipe(v.array(attachment), v.maxLength(1000));
/** Base64 of an image that was scaled. */
const image = v.pipe(v.string(), v.maxLength(30_000_000));
const prompt = v.pipe(id, v.startsWith('codex://prompts/'));

export const fromComposer = v.variant('type', [
  v.strictObject({ type: v.literal('findFiles'), text: v.pipe(text, v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('inspect'), chipId: id, attachment }),
  v.strictObject({ type: v.literal('readImage'), chipId: id, path, allowOutside: v.optional(v.boolean()) }),
  v.strictObject({ type: v.literal('storeImage'), chipId: id, name: path, mediaType: id, data: image }),
  v.strictObject({ type: v.literal('dropped'), uris: v.pipe(v.array(path), v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('pickFiles') }),
  v.strictObject({ type: v.literal('attachSelection') }),
  v.strictObject({ type: v.literal('steer'), queuedId: v.optional(id), text: v.optional(text), attachments: v.optional(attachments) }),
  v.strictObject({ type: v.literal('unqueue'), queuedId: id }),
  v.strictObject({ type: v.literal('pin'), paths: v.pipe(v.array(path), v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('pickPin') }),
  v.strictObject({ type: v.literal('measureContext'), draft: text, attachments }),
  v.strictObject({ type: v.literal('listPrompts') }),
  v.strictObject({ type: v.literal('readPrompt'), uri: prompt }),
]) satisfies v.GenericSchema<unknown, ComposerFromPage>;
