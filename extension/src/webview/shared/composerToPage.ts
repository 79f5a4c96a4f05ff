// What the panel says to the composer, checked.
import * as v from 'valibot';
import type { MessageContextResult } from '../../protocol/protocol.generated';
import { attachmentViewSchema, lineRangeSchema, promptArgumentViewSchema } from '../../protocol/schemas.generated';
import type { ComposerToPage, FilePlace } from './composerMessages';

const text = v.string();
const maybeText = v.optional(text);
const place = { path: text, range: v.optional(lineRangeSchema) } satisfies Record<keyof FilePlace, v.GenericSchema>;
const hit = v.object({ ...place, kind: v.picklist(['selection', 'open', 'file']), isUnsaved: v.optional(v.boolean()) });
const context = v.object({
  tokens: v.number(),
  window: v.optional(v.number()),
  isEstimate: v.boolean(),
  compactsAt: v.optional(v.number()),
  shares: v.array(v.object({ name: text, tokens: v.number() })),
}) satisfies v.GenericSchema<unknown, MessageContextResult>;
const prompt = v.object({ uri: text, title: text, description: maybeText });

export const composerToPage = v.variant('type', [
  v.object({ type: v.literal('files'), text, files: v.array(hit), note: maybeText }),
  v.object({ type: v.literal('inspected'), chipId: text, view: v.optional(attachmentViewSchema), error: maybeText }),
  v.object({ type: v.literal('image'), chipId: text, mediaType: text, data: text }),
  v.object({ type: v.literal('attach'), files: v.array(v.object(place)) }),
  v.object({ type: v.literal('contextFiles'), files: v.array(attachmentViewSchema) }),
  v.object({ type: v.literal('context'), context: v.optional(context), costLimit: v.optional(v.number()) }),
  v.object({ type: v.literal('prompts'), prompts: v.array(prompt) }),
  v.object({ type: v.literal('promptText'), text, args: v.array(promptArgumentViewSchema) }),
]) satisfies v.GenericSchema<unknown, ComposerToPage>;
