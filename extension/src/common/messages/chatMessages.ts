// Messages between the chat page and its panel about the chat's messages.
import * as v from 'valibot';
import type { MessageFindResult, MessageView } from '../../protocol/protocol.generated';
import { id } from './fields';

/** Commands for a chat, in a menu of the page. */
const chatCommands = [
  'plue.newChat',
  'plue.chat.undo',
  'plue.chat.redo',
  'plue.chat.jump',
  'plue.chat.export',
  'plue.chat.compact',
  'plue.chat.runAsTask',
  'plue.chat.continueAsChat',
  'plue.chat.pinFiles',
  'plue.chat.settings',
  'plue.selectTools',
  'plue.showSkills',
  'plue.newChatFromTemplate',
  'plue.showHistory',
] as const;

export type ChatCommand = (typeof chatCommands)[number];

/** How long a deletion can be undone, in milliseconds. */
export const undeleteMs = 7000;

const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000_000));
const line = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000_000));

/** Page to panel. */
export const messagesFromPage = v.variant('type', [
  v.strictObject({
    type: v.literal('list'),
    offset: index,
    limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200)),
    generation: index,
  }),
  v.strictObject({ type: v.literal('edit'), messageId: id, text: v.string() }),
  v.strictObject({ type: v.literal('retryWith'), messageId: id, providerId: id, model: v.optional(id) }),
  /** Without a message ID, forks the whole chat. */
  v.strictObject({ type: v.literal('fork'), messageId: v.optional(id) }),
  /** Takes effect when the time for `undelete` has passed. */
  v.strictObject({ type: v.literal('delete'), messageId: id }),
  v.strictObject({ type: v.literal('undelete'), messageId: id }),
  v.strictObject({ type: v.literal('switchBranch'), messageId: id }),
  /** Stops one tool call; the response continues. */
  v.strictObject({ type: v.literal('stopCall'), toolUseId: id }),
  v.strictObject({ type: v.literal('find'), text: v.pipe(v.string(), v.minLength(1), v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('nextQuestion'), index, backwards: v.boolean() }),
  v.strictObject({ type: v.literal('readBlob'), blob: id }),
  v.strictObject({
    type: v.literal('openFile'),
    path: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
    range: v.optional(v.strictObject({ start: line, end: line })),
  }),
  v.strictObject({ type: v.literal('openImage'), blob: id, name: v.pipe(v.string(), v.maxLength(4096)) }),
  v.strictObject({ type: v.literal('command'), command: v.picklist(chatCommands) }),
]);

export type MessagesFromPage = v.InferOutput<typeof messagesFromPage>;

/** Panel to page. */
export type MessagesToPage =
  /** The messages requested by `list`, with its `generation`. */
  | { type: 'range'; generation: number; offset: number; messages: MessageView[] }
  | ({ type: 'found'; text: string } & MessageFindResult)
  | { type: 'jump'; index: number; messageId: string }
  /** A deletion took effect, or failed. */
  | { type: 'deletionSettled'; messageId: string }
  /** `data` is absent if the blob is not available. */
  | { type: 'blob'; blob: string; mediaType?: string; data?: string }
  /** Opens the find bar. */
  | { type: 'find' };
