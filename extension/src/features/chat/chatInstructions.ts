// Loads, opens, and allows the instruction sources of a chat. Reloads them when their files may have changed.
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import type { Handlers } from '../../common/handlers';
import { messageAllowInstructions, messageInstructions } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { InstructionsFromPage, ToChatPage } from '../../common/messages/chat';

export interface InstructionServices {
  sidecar: Sidecar;
  log: vscode.LogOutputChannel;
}

export class ChatInstructions implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private asking: Promise<void> | undefined;
  private isStale = false;

  constructor(
    private readonly codexId: string,
    private readonly services: InstructionServices,
    private readonly post: (message: ToChatPage) => void,
  ) {
    const { sidecar } = services;
    // Files may change in another program while the window is inactive, or by agents during a turn.
    this.disposables.add(vscode.window.onDidChangeWindowState(({ focused }) => focused && this.refresh()));
    this.disposables.add(vscode.workspace.onDidSaveTextDocument(() => this.refresh()));
    this.disposables.add(vscode.workspace.onDidGrantWorkspaceTrust(() => this.refresh()));
    this.disposables.add(
      sidecar.onMessageEvent((params) => {
        if (params.codexId === codexId && params.event.kind === 'turnFinished') this.refresh();
      }),
    );
    this.disposables.add(sidecar.onCodexChanged(({ uri }) => uri === codexId && this.refresh()));
  }

  readonly handlers: Handlers<InstructionsFromPage> = {
    loadInstructions: () => this.refresh(),
    openInstructions: ({ source, path }) => this.open(source, path),
    allowInstructions: async ({ source, version }) => {
      const { codexId, services } = this;
      if (/[\\/]SKILL\.md$/.test(source)) {
        // The list shows only one file of a skill.
        await vscode.commands.executeCommand('plue.reviewSkill', source);
        this.refresh();
        return;
      }
      this.post({
        type: 'instructions',
        instructions: await services.sidecar.request(messageAllowInstructions, { codexId, source, version }),
      });
    },
  };

  /** Repeats the request if it was called again meanwhile. */
  refresh(): void {
    this.isStale = true;
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
  }

  dispose(): void {
    this.disposables.dispose();
  }

  /** If the request fails, the webview keeps its current list. */
  private async ask(): Promise<void> {
    const { sidecar, log } = this.services;
    while (this.isStale) {
      this.isStale = false;
      try {
        this.post({ type: 'instructions', instructions: await sidecar.request(messageInstructions, { codexId: this.codexId }) });
      } catch (error) {
        log.debug(`What steers ${this.codexId} is not known: ${toFailureError(error).message}`);
      }
    }
  }

  private async open(source: string, path: string | undefined): Promise<void> {
    if (source === 'skills') {
      await vscode.commands.executeCommand('plue.showSkills');
    } else if (path === undefined || source.startsWith('codex://providers/')) {
      await vscode.commands.executeCommand('plue.openCodex', source);
    } else {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.file(path));
      await vscode.window.showTextDocument(document, { preview: true });
    }
  }
}
