// What the chat page and its panel say to each other. Only view matters are named here;
// chat matters travel as the wire's own types.
import type {
  Attachment,
  ChatOptions,
  CodexGetResult,
  HookFailureView,
  LineRange,
  MessageEventParams,
  MessageFindResult,
  MessageSteeringResult,
  MessageView,
  ModelChoice,
  ModelView,
  ProviderSummary,
} from '../../protocol/protocol.generated';
import type { AgentFromPage, AgentToPage, Mode } from './agentMessages';
import type { ComposerFromPage, ComposerToPage } from './composerMessages';

export { editCommands, modes, taskCommands } from './agentMessages';
export type { AgentFromPage, AgentToPage, EditCommand, Mode, TaskCommand } from './agentMessages';
export type { ComposerFromPage, ComposerToPage, FileHit, FilePlace, PromptView } from './composerMessages';

/** Panel to page. */
export type ToPage =
  /** The whole chat: after `ready`, and again whenever the sidecar came back. Replaces what is shown, never the draft. */
  | { type: 'snapshot'; chat: CodexGetResult; providers: ProviderSummary[] }
  | { type: 'event'; params: MessageEventParams }
  | { type: 'providers'; providers: ProviderSummary[] }
  | { type: 'models'; providerId: string; models: ModelView[]; error?: string }
  /** What was used last, most recent first, and what new chats and small jobs begin with. */
  | { type: 'choices'; recent: ModelChoice[]; large?: ModelChoice; small?: ModelChoice }
  /** The title, provider, model or options changed. */
  | { type: 'codex'; codex: CodexGetResult['codex'] }
  /** Hooks of its template that failed, newest first, until it changes again. */
  | { type: 'hookFailures'; failures: HookFailureView[] }
  /** What chats, or tasks, can be made from; the one of this codex too. */
  | { type: 'templates'; templates: TemplateName[] }
  /** What was sent, by its text, is stored. */
  | { type: 'stored'; text: string }
  /** A send or retry was refused: give the draft back and say why. */
  | { type: 'refused'; text?: string; error: ViewError }
  /** The sidecar: `starting`, `running`, or `stopped` with the cause. */
  | { type: 'sidecar'; state: 'starting' | 'running' | 'stopped'; cause?: string }
  | { type: 'focusComposer' }
  | AgentToPage
  | ComposerToPage
  | ReadingToPage
  | SteeringToPage;

/** What the model would be told besides the messages if it were asked now. */
export type SteeringToPage = { type: 'steering'; steering: MessageSteeringResult };

/** Panel to page, about the messages that somebody reads. */
export type ReadingToPage =
  /** Messages that were asked for with `list`, and with what number. */
  | { type: 'range'; generation: number; offset: number; messages: MessageView[] }
  | ({ type: 'found'; text: string } & MessageFindResult)
  | { type: 'jump'; index: number; messageId: string }
  /** A deletion took effect, or failed. */
  | { type: 'deletionSettled'; messageId: string }
  /** Without data it cannot be had. */
  | { type: 'blob'; blob: string; mediaType?: string; data?: string }
  /** Opens the find bar. */
  | { type: 'find' };

/** A template as a menu shows it. */
export interface TemplateName {
  id: string;
  name: string;
}

/** `kind` is a FailureKind in camelCase and picks the button that helps. */
export interface ViewError {
  kind: string;
  message: string;
}

/** What a button under an error asks the panel to do. */
export type HelpAction =
  | 'setKey'
  | 'signInProvider'
  | 'allowKey'
  | 'enableProvider'
  | 'openSettings'
  | 'signInClaude'
  | 'chooseProvider'
  | 'unlockVault'
  | 'startOllama'
  | 'manageProviders'
  | 'openLog'
  | 'restartSidecar'
  | 'manageTrust';

/** Page to panel. Every one is checked against a schema before it is acted on. */
export type FromPage =
  | { type: 'ready' }
  /** `queue` lets it wait for the answer under way. */
  | { type: 'send'; text: string; attachments?: Attachment[]; queue?: boolean }
  | { type: 'stop' }
  | { type: 'retry'; messageId: string; continue?: boolean }
  /** `before`: the rounds of the same answer before it. */
  | { type: 'discard'; messageId: string; before?: string[] }
  | { type: 'rename'; title: string }
  | { type: 'choose'; providerId: string; model?: string }
  | { type: 'listModels'; providerId: string }
  /** Replaces all of them. */
  | { type: 'options'; options: ChatOptions }
  | { type: 'fallbacks'; fallbacks: ModelChoice[] }
  | { type: 'copy'; text: string }
  | { type: 'insert'; text: string }
  /** `info`: what stands behind the opening fence of the code. */
  | { type: 'applyCode'; text: string; info: string }
  | { type: 'newFile'; text: string; info: string }
  | { type: 'preview'; text: string }
  | { type: 'openLink'; href: string }
  /** Another chat, of this template. */
  /** A chat from another template, that asks as much as this one. */
  | { type: 'newOfTemplate'; templateId: string; mode: Mode }
  | { type: 'tryTemplate' }
  | { type: 'help'; action: HelpAction; providerId?: string }
  | AgentFromPage
  | ComposerFromPage
  | ReadingFromPage
  | SteeringFromPage;

/** Page to panel, about what steers the chat. */
export type SteeringFromPage =
  /** Asks for it anew. */
  | { type: 'steering' }
  /** Without a path it has no file. */
  | { type: 'openSteering'; source: string; path?: string }
  /** Lets it count, in the version that was seen. */
  | { type: 'allowSteering'; source: string; version: string };

/** What a menu of the page may run: commands of Plue about this chat. */
export const chatCommands = [
  'plue.newChat',
  'plue.chat.undo',
  'plue.chat.redo',
  'plue.chat.jump',
  'plue.chat.export',
  'plue.chat.compact',
  'plue.chat.pinFiles',
  'plue.chat.settings',
  'plue.newChatFromTemplate',
  'plue.showHistory',
] as const;

export type ChatCommand = (typeof chatCommands)[number];

/** Page to panel, about the messages that somebody reads. */
export type ReadingFromPage =
  | { type: 'list'; offset: number; limit: number; generation: number }
  | { type: 'edit'; messageId: string; text: string }
  | { type: 'retryWith'; messageId: string; providerId: string; model?: string }
  /** Without a message: the whole chat. */
  | { type: 'fork'; messageId?: string }
  /** Takes effect when the time for `undelete` is over. */
  | { type: 'delete'; messageId: string }
  | { type: 'undelete'; messageId: string }
  | { type: 'switchBranch'; messageId: string }
  | { type: 'find'; text: string }
  | { type: 'nextQuestion'; index: number; backwards: boolean }
  | { type: 'readBlob'; blob: string }
  | { type: 'openFile'; path: string; range?: LineRange }
  | { type: 'openImage'; blob: string; name: string }
  | { type: 'command'; command: ChatCommand };

/** Where a reader is in a chat. */
export interface Place {
  /** Of the first message in view, from 0 in the branch that is shown. */
  index: number;
  messageId?: string;
  /** Pixels from its top to the top of the view. */
  offset: number;
}

/** Milliseconds in which a deletion can be undone. */
export const undeleteMs = 7000;

/** What was sent and is not known to be stored. */
export interface Unstored {
  text: string;
  attachments: Attachment[];
  /** The last message when it was sent. */
  after?: string;
  /** It is in the draft again, because nobody confirmed it. */
  isBack: boolean;
}

/** Kept by VS Code across reloads. Draft and place belong to the page; the rest lives in the sidecar. */
export interface PageState {
  codexId: string;
  draft: string;
  /** Beside the draft. */
  attachments?: Attachment[];
  unstored?: Unstored;
  /** Null while following the end. */
  place: Place | null;
}
