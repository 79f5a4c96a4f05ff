// The webview of one chat as its panel sees it: whether it can receive messages, and what waits until it can.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { pageHtml, pageOptions } from '../../infrastructure/pageHtml';
import type { ToChatPage } from '../../common/messages/chat';
import type { FilePlace } from '../../common/messages/chatComposer';
import type { ChatHost } from './chatHost';
import type { SavedChats } from './savedChats';

export interface PageServices {
  saved: SavedChats;
  /** extension/out/webview */
  pages: vscode.Uri;
}

export class PanelPage implements vscode.Disposable {
  /** True if the webview can receive messages. A hidden tab loses its page, which reports `ready` when it is shown again. */
  isReady = false;
  private readonly focusChanged = new vscode.EventEmitter<void>();
  readonly onDidChangeFocus = this.focusChanged.event;
  private hasFocus = false;
  /** For a page that is not ready yet. */
  private readonly waiting: { focus: boolean; files: FilePlace[] } = { focus: false, files: [] };

  constructor(
    private readonly codexId: string,
    private readonly host: ChatHost,
    private readonly services: PageServices,
  ) {
    host.webview.options = pageOptions(services.pages);
  }

  /** True while the page has the keyboard focus. */
  get isFocused(): boolean {
    return this.hasFocus;
  }

  setFocused(isFocused: boolean): void {
    this.hasFocus = isFocused;
    this.focusChanged.fire();
  }

  /** @returns True if a new page is loaded. */
  load(): boolean {
    const { host, codexId, services } = this;
    const saved = services.saved.get(codexId);
    return host.load(
      () =>
        pageHtml(host.webview, services.pages, {
          name: 'chat',
          title: l10n.t('Plue chat'),
          data: { 'codex-id': codexId },
          place: host.place,
          saved,
        }),
      { type: 'openChat', codexId, ...(saved === undefined ? {} : { saved }) },
    );
  }

  post(message: ToChatPage): void {
    if (this.isReady) void this.host.webview.postMessage(message);
  }

  /** Sends a message with the page: VS Code keeps it until the page has loaded. */
  postWithPage(message: ToChatPage): void {
    void this.host.webview.postMessage(message);
  }

  focusComposer(): void {
    this.waiting.focus = true;
    this.postFocus();
  }

  /** A message is shown instead of the composer. */
  keepFocus(): void {
    this.waiting.focus = false;
  }

  /** Puts files beside the draft. */
  attach(files: readonly FilePlace[]): void {
    this.waiting.files.push(...files);
    this.postFiles();
  }

  postFiles(): void {
    if (!this.isReady) return;
    const files = this.waiting.files.splice(0);
    if (files.length > 0) this.post({ type: 'attach', files });
  }

  postFocus(): void {
    if (!this.isReady || !this.waiting.focus) return;
    this.waiting.focus = false;
    this.post({ type: 'focusComposer' });
  }

  dispose(): void {
    this.focusChanged.dispose();
  }
}
