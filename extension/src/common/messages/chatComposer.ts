// Messages between the chat page and its panel about files, images, the queue, prompts and the context meter.
import * as v from 'valibot';
import type {
  AgentCommandView,
  Attachment,
  AttachmentView,
  LineRange,
  McpPromptView,
  MessageContextResult,
  PromptArgumentView,
} from '../../protocol/protocol.generated';
import { id, path, text } from './fields';
import { type EditorChoice, editorChoice } from './savedState';

const line = v.pipe(v.number(), v.integer(), v.minValue(1));

const attachment = v.strictObject({
  path: v.optional(path),
  blob: v.optional(id),
  name: v.optional(path),
  mediaType: v.optional(id),
  range: v.optional(v.strictObject({ start: line, end: line })),
  mode: v.optional(v.picklist(['whole', 'summary'])),
  allowOutside: v.optional(v.boolean()),
}) satisfies v.GenericSchema<unknown, Attachment>;
/** Sources of attached text that is not a file. */
export const textSources = ['problems', 'changes', 'terminal', 'chat', 'folder', 'url'] as const;

export type TextSource = (typeof textSources)[number];

/** Maximum length of an attached text, in characters. */
export const maxSourceText = 20_000;

export const attachments = v.pipe(v.array(attachment), v.maxLength(1000));

/** Page to panel. */
export const composerFromPage = v.variant('type', [
  v.strictObject({ type: v.literal('findFiles'), text: v.pipe(text, v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('inspect'), chipId: id, attachment }),
  /** `of`: the path of a folder, or the address of a page. */
  v.strictObject({ type: v.literal('readSource'), chipId: id, source: v.picklist(textSources), of: v.optional(path) }),
  v.strictObject({ type: v.literal('openText'), name: path, text: v.pipe(text, v.maxLength(2 * maxSourceText)) }),
  v.strictObject({ type: v.literal('readImage'), chipId: id, path, allowOutside: v.optional(v.boolean()) }),
  /** `data`: an image that the page has scaled, in Base64. */
  v.strictObject({
    type: v.literal('storeImage'),
    chipId: id,
    name: path,
    mediaType: id,
    data: v.pipe(v.string(), v.maxLength(30_000_000)),
  }),
  v.strictObject({ type: v.literal('dropped'), uris: v.pipe(v.array(path), v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('pickFiles') }),
  v.strictObject({ type: v.literal('attachSelection') }),
  v.strictObject({ type: v.literal('steer'), queuedId: v.optional(id), text: v.optional(text), attachments: v.optional(attachments) }),
  v.strictObject({ type: v.literal('unqueue'), queuedId: id }),
  /** Replaces the list of pinned files. */
  v.strictObject({ type: v.literal('pin'), paths: v.pipe(v.array(path), v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('pickPin') }),
  v.strictObject({ type: v.literal('measureContext'), draft: text, attachments }),
  /** Stores which editor context new chats send. */
  v.strictObject({ type: v.literal('keepEditorChoice'), choice: editorChoice }),
  v.strictObject({ type: v.literal('listPrompts') }),
  v.strictObject({ type: v.literal('readPrompt'), uri: v.pipe(id, v.startsWith('codex://prompts/')) }),
  /** `given`: the text after the slash command. */
  v.strictObject({ type: v.literal('readServerPrompt'), server: id, name: id, given: text }),
]);

export type ComposerFromPage = v.InferOutput<typeof composerFromPage>;

/** Panel to page. */
export type ComposerToPage =
  /** Matches for the text after the @. Sent again when more of a large folder has been read. */
  | { type: 'files'; text: string; files: FileHit[]; note?: string }
  /** A file as it would be sent, or why it could not be read. */
  | { type: 'inspected'; chipId: string; view?: AttachmentView; error?: string }
  /** The text of a source, or why it could not be read. Both are absent if the user canceled. */
  | { type: 'sourceText'; chipId: string; name?: string; text?: string; error?: string }
  /** A workspace image in Base64, which the page scales. */
  | { type: 'image'; chipId: string; mediaType: string; data: string }
  /** Adds attachments to the draft. */
  | { type: 'attach'; files: FilePlace[] }
  /** The active file or its selection, if it may be sent, and which of them new chats send. */
  | { type: 'editorContext'; place?: EditorPlace; choice: EditorChoice }
  /** The pinned files with their current content. */
  | { type: 'contextFiles'; files: AttachmentView[] }
  /** How full the context window is, if known. `costLimit` is in USD. */
  | { type: 'context'; context?: MessageContextResult; costLimit?: number }
  | { type: 'prompts'; prompts: PromptView[]; commands?: AgentCommandView[] }
  /** The skills that the user can invoke. */
  | { type: 'skills'; skills: SkillName[] }
  /** The prompts of the running MCP servers. */
  | { type: 'serverPrompts'; prompts: McpPromptView[] }
  /** Inserts a prompt into the composer, where the user fills in its {{arguments}}. */
  | { type: 'promptText'; text: string; args: PromptArgumentView[] };

/** `path` is relative to the workspace folder for files inside it, otherwise absolute. */
export interface FilePlace {
  path: string;
  range?: LineRange;
}

/** A file of the workspace as it would be sent now. */
export interface EditorPlace extends FilePlace {
  tokens?: number;
}

export interface FileHit extends FilePlace {
  /** `path` is the keyword for a source; a folder's path has no trailing slash. */
  kind: 'selection' | 'open' | 'file' | 'folder' | 'symbol' | 'source';
  /** The name of a symbol. */
  name?: string;
  /** The editor has unsaved changes; the file on disk is sent. */
  isUnsaved?: boolean;
}

export interface SkillName {
  name: string;
  description: string;
  argumentHint?: string;
}

export interface PromptView {
  uri: string;
  title: string;
  description?: string;
}
