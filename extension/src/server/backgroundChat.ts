// A chat that a feature of the editor uses. It is archived, so that the list of chats hides it; otherwise it is stored, counted and limited like any chat.
import * as l10n from '../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../infrastructure/disposables';
import { FailureError, UserCancelledError } from '../infrastructure/errors';
import { codexCreate, codexDelete, codexUpdate, messageRetry, messageSend, messageStop, templateGet } from '../protocol/protocol.generated';
import type { Attachment, CodexSummary, MessageEvent, MessageSendResult, MessageView } from '../protocol/protocol.generated';
import type { Sidecar } from './client';
import { stoppedFailure } from './failures';
import type { ProviderList } from './providerList';

const templates = ['inline-edit', 'commit-message'] as const;

/** True for the chat of a feature that shows responses itself. */
export function isInBackground({ templateId, archived }: Pick<CodexSummary, 'templateId' | 'archived'>): boolean {
  return archived && templates.some((template) => template === templateId);
}

const responding = new Set<string>();

/** True while a feature itself shows the response of the chat. */
export function isShownByFeature(uri: string): boolean {
  return responding.has(uri);
}

export interface ResponseListener {
  /** Gets the user's message as sent to the model, with the vault's keys masked. */
  onStored?(text: string): void;
  onText?(text: string): void;
  onToolCall?(toolName: string): void;
  /** The response starts again. */
  onRestart?(): void;
}

export class BackgroundChat {
  private constructor(
    private readonly sidecar: Sidecar,
    readonly uri: string,
  ) {}

  /** @throws FailureError if no model is configured. */
  static async create(
    sidecar: Sidecar,
    providers: ProviderList,
    templateId: (typeof templates)[number],
    title: string,
  ): Promise<BackgroundChat> {
    if (!vscode.workspace.isTrusted) {
      throw new FailureError('untrusted', l10n.t('The folder isn’t trusted, so Plue won’t send its code to a model.'));
    }
    await providers.ensureDefault();
    const small = providers.items.find(({ isDefaultSmall }) => isDefaultSmall) ?? providers.default;
    if (small === undefined || small.source === 'tour') {
      throw new FailureError('providerDisabled', l10n.t('No model is set up. Add a provider and try again.'));
    }
    const { uri } = await sidecar.request(codexCreate, { templateId, title, values: { archived: true } });
    return new BackgroundChat(sidecar, uri);
  }

  /** Wraps an existing chat. */
  static of(sidecar: Sidecar, uri: string): BackgroundChat {
    return new BackgroundChat(sidecar, uri);
  }

  /**
   * Resolves to the complete response.
   * @throws FailureError if there is none, or UserCancelledError if it was stopped.
   */
  send(text: string, listener: ResponseListener = {}, attachments: Attachment[] = []): Promise<Response> {
    const files = attachments.length === 0 ? {} : { attachments };
    return this.run(() => this.sidecar.request(messageSend, { codexId: this.uri, text, ...files }), listener);
  }

  /** @param messageId The ID of the user's message. */
  retry(messageId: string, listener: ResponseListener = {}): Promise<Response> {
    return this.run(() => this.sidecar.request(messageRetry, { codexId: this.uri, messageId }), listener);
  }

  async stop(): Promise<void> {
    await this.sidecar.request(messageStop, { codexId: this.uri });
  }

  /** The usage keeps its cost. */
  async delete(): Promise<void> {
    await this.sidecar.request(codexDelete, { uri: this.uri });
  }

  /** Moves the chat to the list of chats, with the instructions and tools of other chats. */
  async publish(): Promise<void> {
    const { fields } = await this.sidecar.request(templateGet, { id: 'ai-chat' });
    const set = Object.fromEntries(
      fields
        .filter(({ name }) => ['system_prompt_ref', 'available_tools', 'permission_mode'].includes(name))
        .map(({ name, default: value }) => [name, value]),
    );
    await this.sidecar.request(codexUpdate, { uri: this.uri, archived: false, set });
  }

  private async run(begin: () => Promise<MessageSendResult>, listener: ResponseListener): Promise<Response> {
    const watching = new Disposables();
    responding.add(this.uri);
    try {
      const finished = new Promise<MessageView | undefined>((resolve, reject) => {
        let last: MessageView | undefined;
        watching.add(
          this.sidecar.onMessageEvent(({ codexId, event }) => {
            if (codexId !== this.uri) return;
            if (event.kind === 'messageAdded' && event.message.role === 'user') listener.onStored?.(textOf(event.message));
            else if (event.kind === 'textDelta') listener.onText?.(event.text);
            else if (event.kind === 'toolCallStarted') listener.onToolCall?.(event.toolName);
            else if (event.kind === 'restarted') listener.onRestart?.();
            else if (event.kind === 'messageFinished') last = event.message;
            else if (event.kind === 'turnFinished') {
              const failure = failureOf(event);
              if (failure === undefined) resolve(last);
              else reject(failure);
            }
          }),
        );
        watching.add(this.sidecar.onDidChangeState(({ state }) => state !== 'running' && reject(stoppedFailure())));
      });
      // If the request fails, report that failure instead.
      finished.catch(() => undefined);
      const { messageId } = await begin();
      const message = await finished;
      return { messageId, text: message === undefined ? '' : textOf(message) };
    } finally {
      watching.dispose();
      responding.delete(this.uri);
    }
  }
}

export interface Response {
  /** The ID of the user's message. */
  messageId: string;
  text: string;
}

function failureOf({ stopReason, error }: Extract<MessageEvent, { kind: 'turnFinished' }>): Error | undefined {
  if (stopReason === 'stopped') return new UserCancelledError();
  if (error !== undefined) return new FailureError(error.kind, error.message, error.retryAfterMs);
  if (stopReason === 'maxTokens') {
    return new FailureError('conflict', l10n.t('The response was longer than the model’s limit. Ask for less and try again.'));
  }
  return undefined;
}

function textOf({ parts }: MessageView): string {
  return parts.flatMap((part) => (part.kind === 'text' ? [part.content] : [])).join('');
}
