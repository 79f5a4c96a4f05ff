// What arrives at the page is checked here, once: anything that is not one of the messages is dropped.
import * as v from 'valibot';
import {
  attachmentSchema,
  codexGetResultSchema,
  codexSummarySchema,
  foundViewSchema,
  hookFailureViewSchema,
  messageEventParamsSchema,
  messageSteeringResultSchema,
  messageViewSchema,
  modelChoiceSchema,
  modelViewSchema,
  providerSummarySchema,
} from '../../protocol/schemas.generated';
import { agentToPage } from './agentToPage';
import { composerToPage } from './composerToPage';
import type { PageState, ToPage } from './viewMessages';

/** Undefined for anything a panel does not say. */
export function readToPage(data: unknown): ToPage | undefined {
  const result = v.safeParse(toPage, data);
  return result.success ? result.output : undefined;
}

/** What the page kept for this chat before a reload; nothing when it is another chat's or damaged. */
export function readPageState(data: unknown, codexId: string): PageState | undefined {
  const result = v.safeParse(pageState, data);
  return result.success && result.output.codexId === codexId ? result.output : undefined;
}

const text = v.string();
const maybeText = v.optional(text);
const number = v.number();

const toPage: v.GenericSchema<unknown, ToPage> = v.variant('type', [
  v.object({ type: v.literal('snapshot'), chat: codexGetResultSchema, providers: v.array(providerSummarySchema) }),
  v.object({ type: v.literal('event'), params: messageEventParamsSchema }),
  v.object({ type: v.literal('providers'), providers: v.array(providerSummarySchema) }),
  v.object({ type: v.literal('models'), providerId: text, models: v.array(modelViewSchema), error: maybeText }),
  v.object({
    type: v.literal('choices'),
    recent: v.array(modelChoiceSchema),
    large: v.optional(modelChoiceSchema),
    small: v.optional(modelChoiceSchema),
  }),
  v.object({ type: v.literal('codex'), codex: codexSummarySchema }),
  v.object({ type: v.literal('hookFailures'), failures: v.array(hookFailureViewSchema) }),
  v.object({ type: v.literal('templates'), templates: v.array(v.object({ id: text, name: text })) }),
  v.object({ type: v.literal('stored'), text }),
  v.object({ type: v.literal('refused'), text: maybeText, error: v.object({ kind: text, message: text }) }),
  v.object({ type: v.literal('sidecar'), state: v.picklist(['starting', 'running', 'stopped']), cause: maybeText }),
  v.object({ type: v.literal('focusComposer') }),
  agentToPage,
  composerToPage,
  v.object({ type: v.literal('range'), generation: number, offset: number, messages: v.array(messageViewSchema) }),
  v.object({ type: v.literal('found'), text, found: v.array(foundViewSchema), isTruncated: v.boolean() }),
  v.object({ type: v.literal('jump'), index: number, messageId: text }),
  v.object({ type: v.literal('deletionSettled'), messageId: text }),
  v.object({ type: v.literal('blob'), blob: text, mediaType: maybeText, data: maybeText }),
  v.object({ type: v.literal('find') }),
  v.object({ type: v.literal('steering'), steering: messageSteeringResultSchema }),
]);

const pageState: v.GenericSchema<unknown, PageState> = v.object({
  codexId: text,
  draft: text,
  attachments: v.optional(v.array(attachmentSchema)),
  unstored: v.optional(v.object({ text, attachments: v.array(attachmentSchema), after: maybeText, isBack: v.boolean() })),
  place: v.nullable(v.object({ index: number, messageId: maybeText, offset: number })),
});
