// A webview with at most one instance: Providers, Settings, Usage. It is disposed when hidden and reloads its data when shown.
import type * as v from 'valibot';
import * as vscode from 'vscode';
import { parseMessage } from '../common/messages/parseMessage';
import { Disposables } from './disposables';
import { toFailureError, UserCancelledError } from './errors';
import type { Log } from './logging';
import { pageHtml, pageOptions, type Page } from './pageHtml';
import { onPageMessage } from './pageMessages';
import { createWebviewPanel, setPanelTitle } from './window';

export interface SinglePageOptions<From, To> extends Page {
  /** As in `onWebviewPanel:` in package.json. */
  viewType: string;
  extensionUri: vscode.Uri;
  log: Pick<Log, 'warn'>;
  /** Messages that do not match the schema are ignored. */
  schema: v.GenericSchema<unknown, From>;
  /** Called for each valid message; errors are passed to {@link refuse}. */
  act: (message: From) => Promise<void>;
  /** Creates the message that shows an error in the webview. */
  refuse: (error: { kind: string; message: string }) => To;
}

export class SinglePage<From extends { type: string }, To> implements vscode.Disposable, vscode.WebviewPanelSerializer {
  private panel: vscode.WebviewPanel | undefined;
  private readonly disposables = new Disposables();
  private readonly pages: vscode.Uri;

  constructor(private readonly options: SinglePageOptions<From, To>) {
    this.pages = vscode.Uri.joinPath(options.extensionUri, 'extension', 'out', 'webview');
    this.disposables.add(vscode.window.registerWebviewPanelSerializer(options.viewType, this));
  }

  get isOpen(): boolean {
    return this.panel !== undefined;
  }

  /** @param place Where a new page opens, and whether the focus stays where it is. */
  reveal(place?: { column: vscode.ViewColumn; preserveFocus: boolean }): void {
    if (this.panel) {
      this.panel.reveal(undefined, place?.preserveFocus);
      return;
    }
    const { viewType, title } = this.options;
    const column = this.takeOver() ?? place?.column ?? vscode.ViewColumn.Active;
    this.adopt(
      createWebviewPanel(viewType, title, place === undefined ? column : { viewColumn: column, preserveFocus: place.preserveFocus }, {
        ...pageOptions(this.pages),
        retainContextWhenHidden: false,
      }),
    );
  }

  /** Closes a restored tab that was never activated, and returns its column. */
  private takeOver(): vscode.ViewColumn | undefined {
    for (const group of vscode.window.tabGroups.all) {
      const tab = group.tabs.find(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(this.options.viewType));
      if (tab === undefined) continue;
      void vscode.window.tabGroups.close(tab);
      return group.viewColumn;
    }
    return undefined;
  }

  close(): void {
    this.panel?.dispose();
  }

  /** Sets the title of the tab. */
  setTitle(title: string): void {
    if (this.panel) setPanelTitle(this.panel, title);
  }

  /** Messages are lost while the webview is hidden; it reports when it is shown again. */
  post(message: To): void {
    void this.panel?.webview.postMessage(message);
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel): Promise<void> {
    if (this.panel) panel.dispose();
    else this.adopt(panel);
    return Promise.resolve();
  }

  dispose(): void {
    this.disposables.dispose();
    // The next activation restores the panel.
  }

  private adopt(panel: vscode.WebviewPanel): void {
    const media = vscode.Uri.joinPath(this.options.extensionUri, 'extension', 'media');
    this.panel = panel;
    panel.webview.options = pageOptions(this.pages);
    panel.iconPath = { light: vscode.Uri.joinPath(media, 'plue-light.svg'), dark: vscode.Uri.joinPath(media, 'plue-dark.svg') };
    onPageMessage(panel.webview, (message) => this.receive(message));
    panel.onDidDispose(() => (this.panel = undefined));
    panel.webview.html = pageHtml(panel.webview, this.pages, this.options);
  }

  private async receive(raw: unknown): Promise<void> {
    const { schema, act, refuse, log, name } = this.options;
    const message = parseMessage(schema, raw);
    if (message === undefined) {
      log.warn(`The page ${name} sent a message that is not one of ours; it was ignored.`);
      return;
    }
    try {
      await act(message);
    } catch (error) {
      if (error instanceof UserCancelledError) return;
      const failure = toFailureError(error);
      log.warn(`${name}: ${message.type}: ${failure.kind}: ${failure.message}`);
      this.post(refuse({ kind: failure.kind, message: failure.message }));
    }
  }
}
