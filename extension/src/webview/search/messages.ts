// What the Search page and its host say to each other.
import type { SearchChatsParams, SearchChatsResult, SearchHit } from '../../protocol/protocol.generated';

export type SearchQuery = Omit<SearchChatsParams, 'searchId'>;

/** What the filters offer. */
export interface SearchChoices {
  providers: { id: string; name: string }[];
  /** Of the providers and of the chats there are. */
  models: string[];
  tags: string[];
}

/** Host to page. */
export type ToSearchPage =
  | { type: 'choices'; choices: SearchChoices }
  | { type: 'hits'; searchId: string; hits: SearchHit[] }
  | { type: 'done'; searchId: string; result: SearchChatsResult }
  | { type: 'failed'; searchId: string; error: { kind: string; message: string } }
  /** Something else that was asked for did not work. */
  | { type: 'refused'; error: { kind: string; message: string } }
  /** The search box is to be typed in. */
  | { type: 'focus' };

/** Page to host. Every one is checked against a schema before it is acted on. */
export type FromSearchPage =
  /** The page came up. */
  | { type: 'ready' }
  /** Ends the search before. */
  | { type: 'search'; searchId: string; query: SearchQuery }
  | { type: 'cancel' }
  /** With an empty id: only the chat. */
  | { type: 'open'; uri: string; messageId: string };
