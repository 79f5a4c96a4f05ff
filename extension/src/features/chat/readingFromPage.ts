import * as v from 'valibot';
import { chatCommands } from '../../webview/shared/viewMessages';

/** A name that the page repeats from what it was sent. */
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));
const place = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000_000));
const line = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000_000));

/** What a page may ask about its messages. */
export const readingFromPage = [
  v.strictObject({
    type: v.literal('list'),
    offset: place,
    limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200)),
    generation: place,
  }),
  v.strictObject({ type: v.literal('edit'), messageId: id, text: v.string() }),
  v.strictObject({ type: v.literal('retryWith'), messageId: id, providerId: id, model: v.optional(id) }),
  v.strictObject({ type: v.literal('fork'), messageId: v.optional(id) }),
  v.strictObject({ type: v.literal('delete'), messageId: id }),
  v.strictObject({ type: v.literal('undelete'), messageId: id }),
  v.strictObject({ type: v.literal('switchBranch'), messageId: id }),
  v.strictObject({ type: v.literal('find'), text: v.pipe(v.string(), v.minLength(1), v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('nextQuestion'), index: place, backwards: v.boolean() }),
  v.strictObject({ type: v.literal('readBlob'), blob: id }),
  v.strictObject({
    type: v.literal('openFile'),
    path: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
    range: v.optional(v.strictObject({ start: line, end: line })),
  }),
  v.strictObject({ type: v.literal('openImage'), blob: id, name: v.pipe(v.string(), v.maxLength(4096)) }),
  v.strictObject({ type: v.literal('command'), command: v.picklist(chatCommands) }),
] as const;
