// Host side of the Approvals view in Plue's side bar.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import { pageHtml, pageOptions } from '../../infrastructure/pageHtml';
import { onPageMessage } from '../../infrastructure/pageMessages';
import type { ApprovalList } from '../../server/approvalList';
import type { Sidecar } from '../../server/client';
import { type FromApprovalsPage, fromApprovalsPage, type ToApprovalsPage } from '../../common/messages/approvals';
import { parseMessage } from '../../common/messages/parseMessage';
import { commands } from './commands';

export const viewType = 'plue.approvals';

export class ApprovalsView implements vscode.WebviewViewProvider, vscode.Disposable {
  private readonly disposables = new Disposables();
  private view: vscode.WebviewView | undefined;
  private isReady = false;
  private shouldFocus = false;

  constructor(
    private readonly sidecar: Sidecar,
    private readonly approvals: ApprovalList,
    private readonly pages: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.add(approvals.onDidChange(() => this.show()));
    this.disposables.add(sidecar.onDidChangeState(() => this.show()));
    this.disposables.add(vscode.window.registerWebviewViewProvider(viewType, this));
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    this.isReady = false;
    view.webview.options = pageOptions(this.pages);
    onPageMessage(view.webview, (message) => this.receive(message));
    view.onDidDispose(() => {
      this.view = undefined;
      this.isReady = false;
    });
    view.webview.html = pageHtml(view.webview, this.pages, { name: 'approvals', title: l10n.t('Plue Approvals') });
  }

  /** Focuses the view after the user opened it. */
  async focus(): Promise<void> {
    this.shouldFocus = true;
    await vscode.commands.executeCommand(`${viewType}.focus`);
    if (this.isReady) this.passFocus();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private async receive(raw: unknown): Promise<void> {
    const message = parseMessage(fromApprovalsPage, raw);
    if (message === undefined) {
      this.log.warn('The Approvals view sent a message that is not one of ours; it was ignored.');
      return;
    }
    try {
      await this.act(message);
    } catch (error) {
      const { kind, message: words } = toFailureError(error);
      this.log.warn(`approvals: ${message.type}: ${kind}: ${words}`);
      this.post({ type: 'refused', error: { kind, message: words } });
    }
  }

  private async act(message: FromApprovalsPage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.isReady = true;
        if (this.approvals.isKnown || this.approvals.failure !== undefined) this.show();
        else await this.approvals.refresh();
        return this.passFocus();
      case 'reload':
        return this.approvals.refresh();
      case 'answer':
        return this.approvals.answer(message.answer);
      case 'openDiff':
        await vscode.commands.executeCommand(commands.openDiff, message.id);
        return;
      case 'open':
        await vscode.commands.executeCommand('plue.openChat', message.uri);
        return;
    }
  }

  private passFocus(): void {
    if (!this.shouldFocus) return;
    this.shouldFocus = false;
    this.post({ type: 'focus' });
  }

  private show(): void {
    const { items, failure } = this.approvals;
    if (failure !== undefined && this.sidecar.state.state === 'running') this.post({ type: 'failed', message: failure });
    else this.post({ type: 'approvals', approvals: [...items], canAnswer: this.sidecar.state.state === 'running' });
  }

  private post(message: ToApprovalsPage): void {
    if (this.isReady) void this.view?.webview.postMessage(message);
  }
}
