// The chat view of a side bar, which shows one chat at a time.
import * as vscode from 'vscode';
import { pageOptions, textHtml } from '../../infrastructure/pageHtml';
import { focusView, viewId, ViewHost } from './chatHost';
import { readRestoredChat } from '../../common/messages/savedState';

export class ChatView implements vscode.WebviewViewProvider, vscode.Disposable {
  private view: vscode.WebviewView | undefined;
  private host: ViewHost | undefined;
  private readonly resolved = new vscode.EventEmitter<string | undefined>();
  /** Fires when VS Code created the empty view, with the chat that it showed before a reload or a move. */
  readonly onDidResolve = this.resolved.event;
  private readonly registration: vscode.Disposable;

  /** @param pages extension/out/webview */
  constructor(private readonly pages: vscode.Uri) {
    // Otherwise the view would reload its chat each time it is shown.
    const options = { webviewOptions: { retainContextWhenHidden: true } };
    this.registration = vscode.window.registerWebviewViewProvider(viewId, this, options);
  }

  get isResolved(): boolean {
    return this.view !== undefined;
  }

  /** True for the host of the chat in the view. */
  isCurrent(host: unknown): boolean {
    return this.host !== undefined && this.host === host;
  }

  resolveWebviewView(view: vscode.WebviewView, context: vscode.WebviewViewResolveContext): void {
    this.view = view;
    view.webview.options = pageOptions(this.pages);
    view.onDidDispose(() => {
      if (this.view !== view) return;
      const { host } = this;
      this.view = this.host = undefined;
      host?.dispose();
    });
    this.resolved.fire(readRestoredChat(context.state));
  }

  /** True if the view exists but has no chat. */
  get isEmpty(): boolean {
    return this.view !== undefined && this.host === undefined;
  }

  /** Makes VS Code create the view. */
  async resolve(): Promise<void> {
    const made = new Promise<void>((done) => {
      const listening = this.onDidResolve(() => {
        listening.dispose();
        done();
      });
    });
    await this.reveal();
    await made;
  }

  /** Opens and focuses the view. */
  async reveal(): Promise<void> {
    await vscode.commands.executeCommand(focusView);
  }

  /** Shows an error if the chat could not be opened. */
  showError(message: string): void {
    if (this.view !== undefined && this.host === undefined) this.view.webview.html = textHtml(message);
  }

  /** Returns a host for another chat; the current chat is removed from the view. */
  takeOver(): ViewHost {
    if (this.view === undefined) throw new Error('The chat view does not exist yet.');
    const before = this.host;
    const host = new ViewHost(this.view, before?.hasLoaded === true);
    this.host = host;
    host.onDidDispose(() => {
      if (this.host === host) this.host = undefined;
    });
    before?.dispose();
    return host;
  }

  dispose(): void {
    this.registration.dispose();
    this.resolved.dispose();
  }
}
