// Host side of the page that shows a plan.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling } from '../../infrastructure/errors';
import { SinglePage } from '../../infrastructure/singlePage';
import {
  codexGet,
  codexUpdate,
  planGet,
  planRun,
  planSendComments,
  planStop,
  templateGet,
  templateList,
} from '../../protocol/protocol.generated';
import type { PlanView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { type FromPlanPage, fromPlanPage, type ToPlanPage } from '../../common/messages/plan';
import { visibleText } from '../../common/visibleText';

export const viewType = 'plue.plan';

/** The template of plans. */
export const planTemplate = 'plan';

export class PlanPage implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly page: SinglePage<FromPlanPage, ToPlanPage>;
  private uri: string | undefined;
  private plan: PlanView | undefined;
  private isShowing = false;
  private isOutdated = false;

  constructor(
    extensionUri: vscode.Uri,
    private readonly sidecar: Sidecar,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.page = this.disposables.add(
      new SinglePage<FromPlanPage, ToPlanPage>({
        name: 'plan',
        title: l10n.t('Plue Plan'),
        viewType,
        extensionUri,
        log,
        schema: fromPlanPage,
        act: (message) => this.act(message),
        refuse: (error) => ({ type: 'refused', error }),
      }),
    );
    this.disposables.add(
      sidecar.onCodexChanged(({ uri, codex }) => {
        if (uri === this.uri && codex === undefined) this.page.post({ type: 'gone' });
        else if (uri === this.uri || uri === this.plan?.chat) this.refresh();
      }),
    );
    this.disposables.add(
      sidecar.onTaskEvent(({ taskId }) => {
        if (this.plan?.steps.some(({ task }) => task?.uri === taskId) === true) this.refresh();
      }),
    );
  }

  /** @param isByUser False if the page opens by itself: then it appears beside the chat, and the focus stays where it is. */
  async open(uri: string, isByUser: boolean): Promise<void> {
    this.uri = uri;
    const wasOpen = this.page.isOpen;
    this.page.reveal(isByUser ? undefined : { column: columnBesideChat(), preserveFocus: true });
    // A new page requests its data itself.
    if (wasOpen) await this.show();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private async act(message: FromPlanPage): Promise<void> {
    const { sidecar } = this;
    switch (message.type) {
      case 'ready':
        this.uri ??= message.uri;
        return this.show();
      case 'reload':
        return this.show();
      case 'save':
        await sidecar.request(codexUpdate, { uri: this.opened(), set: message.set, expectedVersion: message.expectedVersion });
        await this.show();
        return this.page.post({ type: 'saved' });
      case 'run': {
        const { version, steps, mode } = message;
        await this.showMode((await sidecar.request(planRun, { uri: this.opened(), version, steps, permissionMode: mode })).chat);
        return this.show();
      }
      case 'stop':
        await sidecar.request(planStop, { uri: this.opened() });
        return this.show();
      case 'sendComments': {
        const { chat } = await sidecar.request(planSendComments, { uri: this.opened() });
        await this.showMode(chat);
        await this.show();
        if (chat !== undefined) await vscode.commands.executeCommand('plue.openChat', chat);
        return;
      }
      case 'open':
        await vscode.commands.executeCommand('plue.openCodex', message.uri);
        return;
      case 'openForm':
        await vscode.commands.executeCommand('plue.openItem', this.opened());
        return;
      case 'history':
        await vscode.commands.executeCommand('plue.showHistory', this.opened());
        return;
      case 'openFile': {
        const { document } = await sidecar.request(codexGet, { uri: this.opened(), limit: 1 });
        if (document?.path !== undefined) await vscode.window.showTextDocument(vscode.Uri.file(document.path));
        return;
      }
    }
  }

  /** Shows the current plan. Changes that arrive meanwhile are shown once afterwards. */
  private refresh(): void {
    if (!this.page.isOpen) return;
    this.isOutdated = true;
    if (this.isShowing) return;
    this.isShowing = true;
    void runWithErrorHandling(this.log, async () => {
      try {
        while (this.isOutdated) {
          this.isOutdated = false;
          await this.show();
        }
      } finally {
        this.isShowing = false;
      }
    });
  }

  private async show(): Promise<void> {
    const { uri, sidecar } = this;
    if (uri === undefined) throw new FailureError('notFound', l10n.t('No plan is selected. Run Plue: Open Plan to open one.'));
    const [plan, { codex, document }, { templates }] = await Promise.all([
      sidecar.request(planGet, { uri }),
      sidecar.request(codexGet, { uri, limit: 1 }),
      sidecar.request(templateList, {}),
    ]);
    const { fields } = await sidecar.request(templateGet, { id: codex.templateId });
    if (this.uri !== uri) return;
    this.plan = plan;
    this.page.setTitle(visibleText(plan.title));
    const agents = templates.filter(({ collection }) => collection === 'tasks').map(({ id, name }) => ({ id, name }));
    this.page.post({ type: 'plan', plan, values: document?.values ?? {}, fields, agents });
  }

  /** The plan may have changed the mode of its chat. */
  private async showMode(chat: string | undefined): Promise<void> {
    if (chat !== undefined) await vscode.commands.executeCommand('plue.chat.reload', chat);
  }

  private opened(): string {
    if (this.uri === undefined) throw new FailureError('notFound', l10n.t('No plan is selected. Run Plue: Open Plan to open one.'));
    return this.uri;
  }
}

/** Beside a chat in the editor area; otherwise in the active group, because the chat is in a side bar. */
function columnBesideChat(): vscode.ViewColumn {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputWebview && input.viewType.endsWith('plue.chat')
    ? vscode.ViewColumn.Beside
    : vscode.ViewColumn.Active;
}
