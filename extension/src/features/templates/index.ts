import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling, toFailureError } from '../../infrastructure/errors';
import { templateList } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { pickTemplate } from '../../server/pickTemplate';
import { Check, isOfTemplates } from './check';
import { commands } from './commands';
import { newTemplate } from './newTemplate';
import { TrialEditor } from './trial';

export function activateTemplates(
  context: Pick<vscode.ExtensionContext, 'extensionUri'>,
  sidecar: Sidecar,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  const choose = async (): Promise<string> => {
    const none = l10n.t('No templates to preview. Run Plue: New Template to create one.');
    return (await pickTemplate(sidecar, { title: l10n.t('Preview Template'), collections: ['tasks', 'chats'], none })).id;
  };
  const trial = disposables.add(new TrialEditor({ sidecar, extensionUri: context.extensionUri, log, choose }));
  const check = disposables.add(new Check(sidecar, log));
  const files = disposables.add(new TemplateFiles(sidecar, log));
  const register = (id: string, action: (given: unknown) => Promise<unknown>): void => {
    disposables.add(vscode.commands.registerCommand(id, (given: unknown) => runWithErrorHandling(log, () => action(given))));
  };
  register(commands.newTemplate, () => newTemplate(sidecar));
  register(commands.checkTemplates, () => check.run());
  register(commands.tryTemplate, async (given) => {
    // A menu passes the template or its file; the Command Palette uses the active file, or asks.
    if (typeof given === 'string') return trial.open(given);
    const file = given instanceof vscode.Uri ? given : vscode.window.activeTextEditor?.document.uri;
    return trial.open((file === undefined ? undefined : await files.idOf(file)) ?? (await choose()));
  });
  return disposables;
}

/** Tracks which files are templates: their editors show a button. */
class TemplateFiles implements vscode.Disposable {
  private readonly disposables = new Disposables();

  constructor(
    private readonly sidecar: Sidecar,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.add(sidecar.onDidStart(() => this.look()));
    this.disposables.add(vscode.workspace.onDidSaveTextDocument(({ uri }) => isOfTemplates(uri) && this.look()));
    this.disposables.add(sidecar.onCodexChanged(({ uri }) => uri.startsWith('codex://templates/') && this.look()));
  }

  async idOf({ fsPath }: vscode.Uri): Promise<string | undefined> {
    const { templates } = await this.sidecar.request(templateList, {});
    return templates.find(({ path }) => path === fsPath)?.id;
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private look(): void {
    this.sidecar.request(templateList, {}).then(
      ({ templates }) => {
        const paths = templates
          .filter(({ collection }) => collection === 'tasks' || collection === 'chats')
          .flatMap(({ path }) => path ?? []);
        return vscode.commands.executeCommand('setContext', 'plue.templateFiles', paths);
      },
      (error: unknown) => this.log.warn(`The templates could not be listed: ${toFailureError(error).message}`),
    );
  }
}
