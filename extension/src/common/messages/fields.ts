// Schemas of fields that several messages share.
import * as v from 'valibot';

export const text = v.string();
/** An identifier that the page received from the host and returns. */
export const id = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));
export const path = v.pipe(v.string(), v.minLength(1), v.maxLength(8000));
/** Values of a form, by field name. */
export const values = v.record(v.string(), v.unknown());

/** Matches the URI of a codex that has messages. */
export const conversationPattern = /^codex:\/\/(chats|tasks)\//;
export const conversationUri = v.pipe(v.string(), v.regex(conversationPattern), v.maxLength(1000));
/** The URI of an item that is a plan. */
export const planUri = v.pipe(v.string(), v.startsWith('codex://items/'), v.maxLength(1000));
/** The URI of a chat. */
export const chatUri = v.pipe(v.string(), v.startsWith('codex://chats/'), v.maxLength(1000));
