// What arrives at the page is checked here, once: anything that is not one of the messages is dropped.
import * as v from 'valibot';
import { searchChatsResultSchema, searchHitSchema } from '../../protocol/schemas.generated';
import type { ToSearchPage } from './messages';
import { periods, roles, statuses, type SearchForm } from './query';

const text = v.string();
const error = v.object({ kind: text, message: text });

const toPage: v.GenericSchema<unknown, ToSearchPage> = v.variant('type', [
  v.object({
    type: v.literal('choices'),
    choices: v.object({ providers: v.array(v.object({ id: text, name: text })), models: v.array(text), tags: v.array(text) }),
  }),
  v.object({ type: v.literal('hits'), searchId: text, hits: v.array(searchHitSchema) }),
  v.object({ type: v.literal('done'), searchId: text, result: searchChatsResultSchema }),
  v.object({ type: v.literal('failed'), searchId: text, error }),
  v.object({ type: v.literal('refused'), error }),
  v.object({ type: v.literal('focus') }),
]);

/** Undefined for anything the host does not say. */
export function readToSearchPage(data: unknown): ToSearchPage | undefined {
  const parsed = v.safeParse(toPage, data);
  return parsed.success ? parsed.output : undefined;
}

/** What the page kept over a reload. */
export interface KeptSearch {
  form: SearchForm;
  /** The result that was chosen last, as {@link keyOf} names it. */
  chosen?: string | undefined;
}

const kept: v.GenericSchema<unknown, KeptSearch> = v.object({
  form: v.object({
    text,
    period: v.picklist(periods),
    from: text,
    to: text,
    providerId: text,
    model: text,
    role: v.picklist(['', ...roles]),
    status: v.picklist(['', ...statuses]),
    tags: v.array(text),
    hasCode: v.boolean(),
    includeArchived: v.boolean(),
  }),
  chosen: v.optional(text),
});

export function readKeptSearch(data: unknown): KeptSearch | undefined {
  const parsed = v.safeParse(kept, data);
  return parsed.success ? parsed.output : undefined;
}
