// Actions on the messages of a chat: load earlier messages, search, edit, fork, and delete.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { toFailureError } from '../../infrastructure/errors';
import type { Handlers } from '../../common/handlers';
import { showErrorMessage, showQuickPick } from '../../infrastructure/window';
import {
  attachmentRead,
  codexFork,
  codexSwitchBranch,
  messageDiscard,
  messageEdit,
  messageFind,
  messageList,
  messageOutline,
  messageRetry,
  messageStopCall,
} from '../../protocol/protocol.generated';
import type { OutlineEntry } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { type MessagesFromPage, type MessagesToPage, undeleteMs } from '../../common/messages/chatMessages';
import { formatTime } from '../../common/format';
import { openAttached, openImage } from './attachedFiles';

export interface ReadingServices {
  sidecar: Sidecar;
  log: vscode.LogOutputChannel;
}

export class ChatMessages implements vscode.Disposable {
  /** Deletions that can be undone. */
  private readonly deleting = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly codexId: string,
    private readonly services: ReadingServices,
    private readonly post: (message: MessagesToPage) => void,
  ) {}

  readonly handlers: Handlers<MessagesFromPage> = {
    list: ({ offset, limit, generation }) => this.list(offset, limit, generation),
    edit: async ({ messageId, text }) => {
      await this.settle();
      await this.services.sidecar.request(messageEdit, { codexId: this.codexId, messageId, text });
    },
    retryWith: async ({ messageId, providerId, model }) => {
      await this.settle();
      await this.services.sidecar.request(messageRetry, { codexId: this.codexId, messageId, provider: providerId, model });
    },
    fork: async ({ messageId }) => {
      await this.settle();
      const { uri } = await this.services.sidecar.request(codexFork, { uri: this.codexId, messageId });
      await vscode.commands.executeCommand('plue.openChat', uri);
    },
    delete: ({ messageId }) => this.deleteSoon(messageId),
    undelete: ({ messageId }) => {
      clearTimeout(this.deleting.get(messageId));
      this.deleting.delete(messageId);
    },
    switchBranch: async ({ messageId }) => {
      await this.settle();
      await this.services.sidecar.request(codexSwitchBranch, { uri: this.codexId, messageId });
    },
    stopCall: async ({ toolUseId }) => {
      await this.services.sidecar.request(messageStopCall, { codexId: this.codexId, toolUseId });
    },
    find: async ({ text }) => {
      this.post({ type: 'found', text, ...(await this.services.sidecar.request(messageFind, { codexId: this.codexId, text })) });
    },
    nextQuestion: ({ index, backwards }) => this.nextQuestion(index, backwards),
    readBlob: ({ blob }) => this.readBlob(blob),
    openFile: ({ path, range }) => openAttached(path, range),
    openImage: ({ blob, name }) => openImage(blob, name),
    command: async ({ command }) => {
      await vscode.commands.executeCommand(command, this.codexId);
    },
  };

  /** Lets the user select a question to go to. */
  async jump(): Promise<void> {
    const entries = await this.outline();
    const items = entries
      .map((entry, at) => ({ label: `${at + 1}. ${entry.text}`, description: formatTime(entry.createdAt, 'short'), entry }))
      .reverse();
    const chosen = await showQuickPick(items, {
      title: l10n.t('Go to Question'),
      placeHolder: items.length === 0 ? l10n.t('No questions yet') : l10n.t('Type part of the question'),
      matchOnDescription: true,
    });
    if (chosen !== undefined) this.goTo(chosen.entry);
  }

  /** Selects the branch that contains the message. */
  async goToMessage(messageId: string): Promise<void> {
    const { sidecar } = this.services;
    const { codexId } = this;
    const place = async (): Promise<number> => (await sidecar.request(messageList, { codexId, offset: 0, limit: 1, messageId })).offset;
    let index: number;
    try {
      index = await place();
    } catch (error) {
      if (toFailureError(error).kind !== 'notFound') throw error;
      await sidecar.request(codexSwitchBranch, { uri: codexId, messageId });
      index = await place();
    }
    this.post({ type: 'jump', index, messageId });
  }

  /** Commits pending deletions before the chat changes. */
  async settle(): Promise<void> {
    for (const messageId of [...this.deleting.keys()]) await this.deleteNow(messageId);
  }

  dispose(): void {
    void this.settle();
  }

  private async list(offset: number, limit: number, generation: number): Promise<void> {
    const { messages } = await this.services.sidecar.request(messageList, { codexId: this.codexId, offset, limit });
    this.post({ type: 'range', generation, offset, messages });
  }

  private deleteSoon(messageId: string): void {
    if (this.deleting.has(messageId)) return;
    this.deleting.set(
      messageId,
      setTimeout(() => void this.deleteNow(messageId), undeleteMs),
    );
  }

  private async deleteNow(messageId: string): Promise<void> {
    clearTimeout(this.deleting.get(messageId));
    this.deleting.delete(messageId);
    try {
      await this.services.sidecar.request(messageDiscard, { codexId: this.codexId, messageId });
    } catch (error) {
      void showErrorMessage(l10n.t('The message was not deleted: {0}', toFailureError(error).message));
    }
    this.post({ type: 'deletionSettled', messageId });
  }

  private async nextQuestion(index: number, backwards: boolean): Promise<void> {
    const entries = await this.outline();
    const entry = backwards ? entries.findLast((one) => one.index < index) : entries.find((one) => one.index > index);
    if (entry !== undefined) this.goTo(entry);
  }

  private async outline(): Promise<OutlineEntry[]> {
    return (await this.services.sidecar.request(messageOutline, { codexId: this.codexId })).entries;
  }

  private goTo({ index, messageId }: OutlineEntry): void {
    this.post({ type: 'jump', index, messageId });
  }

  private async readBlob(blob: string): Promise<void> {
    try {
      const { mediaType, data } = await this.services.sidecar.request(attachmentRead, { blob });
      this.post({ type: 'blob', blob, mediaType, data });
    } catch (error) {
      this.services.log.warn(`An image could not be read: ${toFailureError(error).message}`);
      this.post({ type: 'blob', blob });
    }
  }
}
