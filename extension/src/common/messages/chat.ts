// Messages between the chat page and its panel. Chats use the protocol's own types.
import * as v from 'valibot';
import type {
  CodexGetResult,
  MessageEventParams,
  MessageInstructionsResult,
  ModelChoice,
  ModelView,
  ProviderSummary,
} from '../../protocol/protocol.generated';
import { providerCard } from '../providerCards';
import { agentsFromPage, modes, type AgentsToPage } from './chatAgents';
import { attachments, composerFromPage, type ComposerToPage } from './chatComposer';
import { messagesFromPage, type MessagesToPage } from './chatMessages';
import { id, path, text } from './fields';
import { type SavedState, savedState } from './savedState';
import type { SidecarState, ViewError } from './viewError';

const choice = v.strictObject({ providerId: id, model: v.optional(id) });

/** The info string behind the opening fence of a code block. */
const info = v.pipe(v.string(), v.maxLength(4000));

/** Actions of the buttons under an error. */
const helpAction = v.picklist([
  'setKey',
  'signInProvider',
  'allowKey',
  'enableProvider',
  'openSettings',
  'signInClaude',
  'chooseProvider',
  'unlockVault',
  'startOllama',
  'manageProviders',
  'openLog',
  'addProvider',
  'takeTour',
  'restartSidecar',
  'manageTrust',
]);

export type HelpAction = v.InferOutput<typeof helpAction>;

/** Page to panel, about the instructions of the chat. */
export const instructionsFromPage = v.variant('type', [
  v.strictObject({ type: v.literal('loadInstructions') }),
  /** `path` is absent if the source has no file. */
  v.strictObject({ type: v.literal('openInstructions'), source: path, path: v.optional(path) }),
  /** Allows only the version that the user saw. */
  v.strictObject({ type: v.literal('allowInstructions'), source: path, version: id }),
]);

export type InstructionsFromPage = v.InferOutput<typeof instructionsFromPage>;

/** Page to panel, about the chat as a whole. */
export const panelFromPage = v.variant('type', [
  /** The page shows this chat and requests a snapshot, unless it got one while it was loaded. */
  v.strictObject({ type: v.literal('ready'), codexId: id, hasChat: v.optional(v.boolean()) }),
  /** The page got or lost the keyboard focus. */
  v.strictObject({ type: v.literal('focused'), isFocused: v.boolean() }),
  /** State for another webview that shows this chat later. */
  v.strictObject({ type: v.literal('saved'), state: savedState }),
  /** With `queue`, the message waits until the current response is complete. */
  v.strictObject({ type: v.literal('send'), text, attachments: v.optional(attachments), queue: v.optional(v.boolean()) }),
  /** Turns this chat into a task. */
  v.strictObject({
    type: v.literal('startTask'),
    templateId: id,
    text,
    attachments: v.optional(attachments),
    mode: v.picklist(modes),
    /** In US dollars; default: the template's budget. */
    budget: v.optional(v.pipe(v.number(), v.minValue(0.01), v.maxValue(100_000))),
    /** Default: the template's model. */
    model: v.optional(choice),
    /** The task works in a new git worktree; default: as the template says. */
    worktree: v.optional(v.boolean()),
  }),
  v.strictObject({ type: v.literal('stop') }),
  v.strictObject({ type: v.literal('retry'), messageId: id, continue: v.optional(v.boolean()) }),
  /** `before`: the earlier rounds of the same response. */
  v.strictObject({ type: v.literal('discard'), messageId: id, before: v.optional(v.pipe(v.array(id), v.maxLength(500))) }),
  v.strictObject({ type: v.literal('rename'), title: v.pipe(v.string(), v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('choose'), providerId: id, model: v.optional(id) }),
  /** Connects a provider and selects it for this chat. */
  v.strictObject({ type: v.literal('connect'), card: providerCard }),
  v.strictObject({ type: v.literal('listModels'), providerId: id }),
  /** Replaces all options. */
  v.strictObject({
    type: v.literal('options'),
    options: v.strictObject({
      temperature: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
      maxTokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200_000))),
      stopSequences: v.optional(v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(1000))), v.maxLength(100))),
      reasoningLevel: v.optional(id),
    }),
  }),
  v.strictObject({ type: v.literal('fallbacks'), fallbacks: v.pipe(v.array(choice), v.maxLength(100)) }),
  v.strictObject({ type: v.literal('copy'), text }),
  v.strictObject({ type: v.literal('insert'), text }),
  v.strictObject({ type: v.literal('applyCode'), text, info }),
  v.strictObject({ type: v.literal('newFile'), text, info }),
  v.strictObject({ type: v.literal('preview'), text }),
  v.strictObject({ type: v.literal('runInTerminal'), text }),
  v.strictObject({ type: v.literal('openLink'), href: v.pipe(v.string(), v.maxLength(8000)) }),
  /** Changes the template of a chat that has no messages. */
  v.strictObject({ type: v.literal('changeTemplate'), templateId: id }),
  v.strictObject({ type: v.literal('tryTemplate') }),
  v.strictObject({ type: v.literal('help'), action: helpAction, providerId: v.optional(id) }),
]);

/** Page to panel. */
export const fromChatPage = v.variant('type', [panelFromPage, messagesFromPage, composerFromPage, agentsFromPage, instructionsFromPage]);

export type FromChatPage = v.InferOutput<typeof fromChatPage>;

/** Panel to page. */
export type ToChatPage =
  /** From now on the page shows another chat; it replies with `ready`. */
  | { type: 'openChat'; codexId: string; saved?: SavedState }
  /**
   * The whole chat, sent with a new page, after `ready`, and after a restart of the sidecar. Replaces everything but the draft. `hasFolder`: a folder is open
   * and trusted. `pageOf`: the chat of the page that it was sent with.
   */
  | { type: 'snapshot'; chat: CodexGetResult; providers: ProviderSummary[]; hasFolder?: boolean; pageOf?: string }
  | { type: 'event'; params: MessageEventParams }
  | { type: 'providers'; providers: ProviderSummary[] }
  | { type: 'models'; providerId: string; models: ModelView[]; error?: string }
  /** The recently used models, most recent first, and the defaults for chats and background tasks. */
  | { type: 'choices'; recent: ModelChoice[]; large?: ModelChoice; small?: ModelChoice }
  /** The title, provider, model or options changed. */
  | { type: 'codex'; codex: CodexGetResult['codex'] }
  /** The templates for chats and for tasks, including the one of this codex. */
  | { type: 'templates'; templates: TemplateName[] }
  /** The next message starts a task with this agent. */
  | { type: 'agent'; agent: ChosenAgent }
  /** The sent message with this text is stored. */
  | { type: 'stored'; text: string }
  /** A send or retry was refused; `text` goes back to the draft. */
  | { type: 'refused'; text?: string; error: ViewError }
  | { type: 'sidecar'; state: SidecarState; cause?: string }
  | { type: 'focusComposer' }
  /** The instructions of the next request. */
  | { type: 'instructions'; instructions: MessageInstructionsResult }
  | AgentsToPage
  | ComposerToPage
  | MessagesToPage;

/** A template as shown in a menu. */
export interface TemplateName {
  id: string;
  name: string;
  description?: string;
  /** True if the template creates tasks. */
  isAgent: boolean;
  /** True if its tasks work in a new git worktree by default. */
  isIsolated?: boolean;
}

export interface ChosenAgent extends TemplateName {
  /** In US dollars; default: the template's budget. */
  budget?: number;
  /** Default: the template's model. */
  model?: ModelChoice | undefined;
  /** Default: as the template says. */
  worktree?: boolean;
}
