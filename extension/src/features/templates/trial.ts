// Host side of the template preview.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, toFailureError } from '../../infrastructure/errors';
import { SinglePage } from '../../infrastructure/singlePage';
import { templateGet, templateTry } from '../../protocol/protocol.generated';
import type { FieldView, TemplateTryResult, TemplateView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { type FromTrialPage, fromTrialPage, type ToTrialPage } from '../../common/messages/trial';
import { visibleText } from '../../common/visibleText';
import { isOfTemplates } from './check';
import { commands } from './commands';

export const viewType = 'plue.trial';

export interface TrialServices {
  sidecar: Sidecar;
  extensionUri: vscode.Uri;
  log: vscode.LogOutputChannel;
  /** Lets the user select a template. */
  choose: () => Promise<string>;
}

export class TrialEditor implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly page: SinglePage<FromTrialPage, ToTrialPage>;
  private id: string | undefined;
  private values: Record<string, unknown> = {};
  private template: TemplateView | undefined;
  private result: TemplateTryResult | undefined;
  /** Number of the current preview; results of older ones are ignored. */
  private attempt = 0;

  constructor(private readonly services: TrialServices) {
    this.page = this.disposables.add(
      new SinglePage<FromTrialPage, ToTrialPage>({
        name: 'trial',
        title: l10n.t('Preview Template'),
        viewType,
        extensionUri: services.extensionUri,
        log: services.log,
        schema: fromTrialPage,
        act: (message) => this.act(message),
        refuse: (error) => ({ type: 'refused', error }),
      }),
    );
    // Refresh the preview after its template, parent, or prompt is saved.
    this.disposables.add(vscode.workspace.onDidSaveTextDocument(({ uri }) => isOfTemplates(uri) && this.tryAgain()));
    this.disposables.add(services.sidecar.onCodexChanged(({ uri }) => /^codex:\/\/(templates|prompts)\//.test(uri) && this.tryAgain()));
  }

  async open(id: string): Promise<void> {
    if (id !== this.id) this.values = {};
    this.id = id;
    const wasOpen = this.page.isOpen;
    this.page.reveal();
    // A new webview requests its data itself.
    if (wasOpen) await this.try();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private async act(message: FromTrialPage): Promise<void> {
    switch (message.type) {
      case 'ready':
        if (this.id === undefined && message.id !== undefined) {
          this.id = message.id;
          this.values = message.values ?? {};
        }
        return this.try();
      case 'choose':
        return this.open(await this.services.choose());
      case 'try':
        this.values = message.values;
        return this.try();
      case 'start':
        return this.start(message.values);
      case 'openFinding': {
        const finding = this.result?.findings[message.index];
        if (finding !== undefined) await openAt(finding.path, finding.line, finding.column);
        return;
      }
      case 'openSource': {
        const source = this.result?.sources[message.index];
        if (source?.path !== undefined) await openAt(source.path, 1, 1);
        else if (source !== undefined) await vscode.commands.executeCommand('plue.openCodex', source.source);
        return;
      }
      case 'openTemplate':
        if (this.template?.path !== undefined) await openAt(this.template.path, 1, 1);
        return;
      case 'newTemplate':
        await vscode.commands.executeCommand(commands.newTemplate);
        return;
    }
  }

  private tryAgain(): void {
    if (!this.page.isOpen || this.id === undefined) return;
    this.try().catch((error: unknown) => {
      const { kind, message } = toFailureError(error);
      this.page.post({ type: 'refused', error: { kind, message } });
    });
  }

  private async try(): Promise<void> {
    const { id, values } = this;
    const { sidecar } = this.services;
    if (id === undefined) {
      this.page.post({ type: 'empty' });
      return;
    }
    const attempt = ++this.attempt;
    this.page.post({ type: 'trying', ...(this.template?.id === id ? {} : { name: l10n.t('Preview: {0}', id) }) });
    const [template, result] = await Promise.all([sidecar.request(templateGet, { id }), sidecar.request(templateTry, { id, values })]);
    if (attempt !== this.attempt) return;
    this.template = template;
    this.result = result;
    this.page.setTitle(visibleText(l10n.t('Preview: {0}', template.name)));
    this.page.post({
      type: 'trial',
      trial: {
        id,
        name: template.name,
        ...(template.description === undefined ? {} : { description: template.description }),
        collection: template.collection ?? 'items',
        ...(template.path === undefined ? {} : { path: template.path }),
        fields: template.fields.filter(isPrompted),
        values,
      },
      result,
    });
  }

  private async start(values: Record<string, unknown>): Promise<void> {
    const { template } = this;
    if (template === undefined) throw new FailureError('notFound', l10n.t('Choose a template first.'));
    const command = { tasks: 'plue.newTask', chats: 'plue.newChatFromTemplate' }[template.collection ?? ''] ?? 'plue.newFromTemplate';
    await vscode.commands.executeCommand(command, { templateId: template.id, values });
  }
}

/** True for the fields that the preview asks for; it has its own choice of provider. */
function isPrompted({ name, required, default: given, conditional }: FieldView): boolean {
  if (name === 'provider_ref' || name === 'messages') return false;
  return name === 'goal' || (required && given === undefined && conditional === undefined);
}

async function openAt(path: string, line: number, column: number): Promise<void> {
  const at = new vscode.Position(Math.max(0, line - 1), Math.max(0, column - 1));
  await vscode.window.showTextDocument(vscode.Uri.file(path), {
    selection: new vscode.Range(at, at),
    viewColumn: vscode.ViewColumn.Beside,
  });
}
