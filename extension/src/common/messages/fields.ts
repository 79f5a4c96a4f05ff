// Schemas of fields that several messages have.
import * as v from 'valibot';

export const text = v.string();
/** An identifier that the page repeats from what it received. */
export const id = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));
export const path = v.pipe(v.string(), v.minLength(1), v.maxLength(8000));
/** Values of a form, by field name. */
export const values = v.record(v.string(), v.unknown());

/** The address of a codex that has messages. */
export const conversationPattern = /^codex:\/\/(chats|tasks)\//;
export const conversationUri = v.pipe(v.string(), v.regex(conversationPattern), v.maxLength(1000));
/** The address of a chat. */
export const chatUri = v.pipe(v.string(), v.startsWith('codex://chats/'), v.maxLength(1000));
