// Messages between the Search page and the host.
import * as v from 'valibot';
import type { MessageRole, MessageStatus, SearchChatsParams, SearchChatsResult, SearchHit } from '../../protocol/protocol.generated';
import { chatUri } from './fields';
import type { ViewError } from './viewError';

export type SearchQuery = Omit<SearchChatsParams, 'searchId'>;

const short = v.pipe(v.string(), v.maxLength(1000));
const timestamp = v.optional(v.pipe(v.string(), v.isoTimestamp()));

const query = v.strictObject({
  text: v.pipe(v.string(), v.maxLength(10_000)),
  from: timestamp,
  to: timestamp,
  providerId: v.optional(short),
  model: v.optional(short),
  hasCode: v.optional(v.boolean()),
  status: v.optional(v.picklist(['streaming', 'complete', 'stopped', 'interrupted', 'failed'] as const satisfies readonly MessageStatus[])),
  role: v.optional(v.picklist(['system', 'user', 'assistant'] as const satisfies readonly MessageRole[])),
  tags: v.optional(v.pipe(v.array(short), v.maxLength(200))),
  includeArchived: v.optional(v.boolean()),
  limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(5000))),
}) satisfies v.GenericSchema<unknown, SearchQuery>;

/** Page to host. */
export const fromSearchPage = v.variant('type', [
  v.strictObject({ type: v.literal('ready') }),
  /** Cancels the previous search. */
  v.strictObject({ type: v.literal('search'), searchId: v.pipe(v.string(), v.maxLength(100)), query }),
  v.strictObject({ type: v.literal('cancel') }),
  /** With an empty `messageId`, opens only the chat. */
  v.strictObject({ type: v.literal('open'), uri: chatUri, messageId: short }),
]);

export type FromSearchPage = v.InferOutput<typeof fromSearchPage>;

/** The options of the filters. */
export interface SearchChoices {
  providers: { id: string; name: string }[];
  /** Models of the providers and of existing chats. */
  models: string[];
  tags: string[];
}

/** Host to page. */
export type ToSearchPage =
  | { type: 'choices'; choices: SearchChoices }
  | { type: 'hits'; searchId: string; hits: SearchHit[] }
  | { type: 'done'; searchId: string; result: SearchChatsResult }
  | { type: 'failed'; searchId: string; error: ViewError }
  /** Another request failed. */
  | { type: 'refused'; error: ViewError }
  /** Focuses the search box. */
  | { type: 'focus' };
