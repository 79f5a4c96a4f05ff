// What somebody does with the messages of a chat: reads further up, looks for words, changes, forks and deletes.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { toFailureError } from '../../infrastructure/errors';
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
} from '../../protocol/protocol.generated';
import type { OutlineEntry } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { undeleteMs, type ReadingFromPage, type ReadingToPage } from '../../webview/shared/viewMessages';
import { moment } from '../../webview/shared/figures';
import { openAttached, openImage } from './attachedFiles';

export interface ReadingHouse {
  sidecar: Sidecar;
  log: vscode.LogOutputChannel;
}

/** What has to see a chat without the messages that were just deleted. */
const settledFirst: ReadonlySet<string> = new Set<ReadingFromPage['type']>(['edit', 'retryWith', 'switchBranch', 'fork']);

export class Reading implements vscode.Disposable {
  /** Deletions that can still be taken back. */
  private readonly deleting = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly codexId: string,
    private readonly house: ReadingHouse,
    private readonly post: (message: ReadingToPage) => void,
  ) {}

  async act(message: ReadingFromPage): Promise<void> {
    const { sidecar } = this.house;
    const { codexId } = this;
    if (settledFirst.has(message.type)) await this.settle();
    switch (message.type) {
      case 'list':
        return this.list(message.offset, message.limit, message.generation);
      case 'edit':
        await sidecar.request(messageEdit, { codexId, messageId: message.messageId, text: message.text });
        return;
      case 'retryWith':
        await sidecar.request(messageRetry, {
          codexId,
          messageId: message.messageId,
          provider: message.providerId,
          model: message.model,
        });
        return;
      case 'fork': {
        const { uri } = await sidecar.request(codexFork, { uri: codexId, messageId: message.messageId });
        await vscode.commands.executeCommand('plue.openChat', uri);
        return;
      }
      case 'delete':
        this.deleteSoon(message.messageId);
        return;
      case 'undelete':
        clearTimeout(this.deleting.get(message.messageId));
        this.deleting.delete(message.messageId);
        return;
      case 'switchBranch':
        await sidecar.request(codexSwitchBranch, { uri: codexId, messageId: message.messageId });
        return;
      case 'find':
        this.post({ type: 'found', text: message.text, ...(await sidecar.request(messageFind, { codexId, text: message.text })) });
        return;
      case 'nextQuestion':
        return this.nextQuestion(message.index, message.backwards);
      case 'readBlob':
        return this.readBlob(message.blob);
      case 'openFile':
        return openAttached(message.path, message.range);
      case 'openImage':
        return openImage(message.blob, message.name);
      case 'command':
        await vscode.commands.executeCommand(message.command, codexId);
        return;
    }
  }

  /** Asks which question to go to. */
  async jump(): Promise<void> {
    const entries = await this.outline();
    const items = entries
      .map((entry, at) => ({ label: `${at + 1}. ${entry.text}`, description: moment(entry.createdAt, 'short'), entry }))
      .reverse();
    const chosen = await showQuickPick(items, {
      title: l10n.t('Jump to question'),
      placeHolder: items.length === 0 ? l10n.t('Nothing was asked yet') : l10n.t('Type a word of the question'),
      matchOnDescription: true,
    });
    if (chosen !== undefined) this.goTo(chosen.entry);
  }

  /** A message of a branch that is not shown brings that branch to the front. */
  async goToMessage(messageId: string): Promise<void> {
    const { sidecar } = this.house;
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

  /** What was deleted and not taken back is deleted now: before anything else changes the chat. */
  async settle(): Promise<void> {
    for (const messageId of [...this.deleting.keys()]) await this.deleteNow(messageId);
  }

  dispose(): void {
    void this.settle();
  }

  private async list(offset: number, limit: number, generation: number): Promise<void> {
    const { messages } = await this.house.sidecar.request(messageList, { codexId: this.codexId, offset, limit });
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
      await this.house.sidecar.request(messageDiscard, { codexId: this.codexId, messageId });
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
    return (await this.house.sidecar.request(messageOutline, { codexId: this.codexId })).entries;
  }

  private goTo({ index, messageId }: OutlineEntry): void {
    this.post({ type: 'jump', index, messageId });
  }

  private async readBlob(blob: string): Promise<void> {
    try {
      const { mediaType, data } = await this.house.sidecar.request(attachmentRead, { blob });
      this.post({ type: 'blob', blob, mediaType, data });
    } catch (error) {
      this.house.log.warn(`An image could not be read: ${toFailureError(error).message}`);
      this.post({ type: 'blob', blob });
    }
  }
}
