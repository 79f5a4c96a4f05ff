// The location of a chat's webview: a tab in the editor area, or the chat view of a side bar.
import * as vscode from 'vscode';
import { setPanelTitle } from '../../infrastructure/window';
import type { ToChatPage } from '../../common/messages/chat';

export const viewId = 'plue.chatView';
/** VS Code's built-in command for the view. */
export const focusView = `${viewId}.focus`;

export interface ChatHost {
  readonly place: 'editor' | 'view';
  readonly webview: vscode.Webview;
  readonly visible: boolean;
  /** False for a tab behind another editor. VS Code does not report whether a view has focus. */
  readonly active: boolean;
  /** Undefined for the view. */
  readonly viewColumn: vscode.ViewColumn | undefined;
  readonly onDidChangeVisibility: vscode.Event<unknown>;
  readonly onDidDispose: vscode.Event<void>;
  /** True after the page of this chat reported that it is ready. */
  hasLoaded: boolean;
  /** Shows a chat in the existing page, or in a new one. @returns True for a new page. */
  load(html: () => string, open: ToChatPage): boolean;
  setTitle(title: string): void;
  reveal(column?: vscode.ViewColumn): void;
  /** Closes the tab, or frees the view for another chat. */
  dispose(): void;
}

export class EditorHost implements ChatHost {
  readonly place = 'editor';
  hasLoaded = false;

  constructor(
    private readonly panel: vscode.WebviewPanel,
    icon: { light: vscode.Uri; dark: vscode.Uri },
  ) {
    panel.iconPath = icon;
  }

  get webview(): vscode.Webview {
    return this.panel.webview;
  }

  get visible(): boolean {
    return this.panel.visible;
  }

  get active(): boolean {
    return this.panel.active;
  }

  get viewColumn(): vscode.ViewColumn | undefined {
    return this.panel.viewColumn;
  }

  get onDidChangeVisibility(): vscode.Event<unknown> {
    return this.panel.onDidChangeViewState;
  }

  get onDidDispose(): vscode.Event<void> {
    return this.panel.onDidDispose;
  }

  load(html: () => string): boolean {
    this.panel.webview.html = html();
    return true;
  }

  setTitle(title: string): void {
    setPanelTitle(this.panel, title);
  }

  reveal(column?: vscode.ViewColumn): void {
    this.panel.reveal(column);
  }

  dispose(): void {
    this.panel.dispose();
  }
}

/** One chat in the view. The next chat in the same view gets a new host. */
export class ViewHost implements ChatHost {
  readonly place = 'view';
  readonly viewColumn = undefined;
  hasLoaded = false;
  private readonly disposed = new vscode.EventEmitter<void>();
  readonly onDidDispose = this.disposed.event;

  /** @param hasPage True if the view already has a page, with another chat. */
  constructor(
    private readonly view: vscode.WebviewView,
    private readonly hasPage: boolean,
  ) {}

  get webview(): vscode.Webview {
    return this.view.webview;
  }

  get visible(): boolean {
    return this.view.visible;
  }

  get active(): boolean {
    return this.view.visible;
  }

  get onDidChangeVisibility(): vscode.Event<unknown> {
    return this.view.onDidChangeVisibility;
  }

  load(html: () => string, open: ToChatPage): boolean {
    const isNew = !this.hasPage || this.hasLoaded;
    if (isNew) this.view.webview.html = html();
    else void this.view.webview.postMessage(open);
    return isNew;
  }

  setTitle(title: string): void {
    setPanelTitle(this.view, title);
  }

  reveal(): void {
    void vscode.commands.executeCommand(focusView);
  }

  dispose(): void {
    this.disposed.fire();
    this.disposed.dispose();
  }
}
