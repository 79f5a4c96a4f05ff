// Sends approvals, subtasks, and task details to the webview of a chat.
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import type { Handlers } from '../../common/handlers';
import {
  backgroundKeep,
  backgroundList,
  backgroundStop,
  codexUpdate,
  editList,
  messageSessionOptions,
  taskGet,
  worktreeCheck,
} from '../../protocol/protocol.generated';
import type { ApprovalList } from '../../server/approvalList';
import type { Sidecar } from '../../server/client';
import type { TaskList } from '../../server/taskList';
import type { AgentsFromPage, AgentsToPage, BackgroundAction } from '../../common/messages/chatAgents';

export interface AgentsServices {
  sidecar: Sidecar;
  approvals: ApprovalList;
  tasks: TaskList;
  log: vscode.LogOutputChannel;
}

/** In milliseconds: a running task changes many times per second. */
const refreshDelay = 400;

export class Agents implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private later: ReturnType<typeof setTimeout> | undefined;
  private asking: Promise<void> | undefined;
  private isStale = false;
  /** Used to send nothing while there are no approvals. */
  private hadApprovals = false;
  private hadChildren = false;
  private listing: ReturnType<typeof setTimeout> | undefined;
  /** The webview shows the options of an agent's session. */
  private hasSessionOptions = false;

  constructor(
    private readonly codexId: string,
    private readonly services: AgentsServices,
    private readonly post: (message: AgentsToPage) => void,
    private readonly chat: { readonly isTask: boolean },
  ) {
    const { approvals, tasks, sidecar } = services;
    this.disposables.add(approvals.onDidChange(() => this.sendApprovals()));
    this.disposables.add(
      tasks.onDidChange((uri) => {
        if (uri !== undefined && uri !== codexId && !this.isOwnAgent(uri)) return;
        this.sendChildren();
        this.sendApprovals();
        this.refreshSoon();
      }),
    );
    this.disposables.add(
      sidecar.onEditChanged(({ codexId: uri }) => {
        if (uri === codexId || this.isOwnAgent(uri)) this.listing ??= setTimeout(() => void this.sendUnderReview(), refreshDelay);
      }),
    );
    this.disposables.add(
      sidecar.onBackgroundChanged(({ codexId: uri, commands }) => {
        if (uri === codexId) this.post({ type: 'backgroundCommands', commands });
      }),
    );
    this.disposables.add(
      sidecar.onMessageEvent(({ codexId: uri, event }) => {
        if (event.kind === 'messageFinished' && (uri === codexId || this.isOwnAgent(uri))) this.refreshSoon();
        if (event.kind === 'messageFinished' && uri === codexId && this.hasSessionOptions) void this.sendSessionOptions();
      }),
    );
  }

  /** Sends everything to a webview that has just loaded. */
  refresh(): void {
    this.hadApprovals = this.hadChildren = true;
    this.sendApprovals();
    this.sendChildren();
    void this.sendUnderReview();
    void this.sendBackgroundCommands();
    void this.ask();
  }

  readonly handlers: Handlers<AgentsFromPage> = {
    answerApproval: ({ answer }) => this.services.approvals.answer(answer),
    openApprovalDiff: ({ id }) => run('plue.openApprovalDiff', id),
    openCodex: ({ uri }) => run(uri.startsWith('codex://items/') ? 'plue.openPlan' : 'plue.openChat', uri),
    mode: async ({ mode }) => {
      await this.services.sidecar.request(codexUpdate, { uri: this.codexId, set: { permission_mode: mode } });
    },
    sessionOptions: async ({ chosen }) => {
      await this.services.sidecar.request(codexUpdate, { uri: this.codexId, set: { session_options: chosen } });
    },
    listSessionOptions: () => {
      this.hasSessionOptions = true;
      return this.sendSessionOptions();
    },
    newTask: ({ goal, templateId }) =>
      run('plue.newTask', { goal, parentId: this.codexId, ...(templateId === undefined ? {} : { templateId }) }),
    edits: ({ command, path }) => run(command, { codexId: this.codexId, ...(path === undefined ? {} : { path }) }),
    taskCommand: ({ command, uri = this.codexId }) =>
      uri === this.codexId || this.isOwnAgent(uri) ? run(command, { type: 'codex', uri }) : undefined,
    background: ({ action, id }) => this.runBackground(action, id),
    reloadTask: () => this.ask(),
    checkWorktree: async () => {
      const { problem } = await this.services.sidecar.request(worktreeCheck, {});
      this.post({ type: 'worktreeChecked', isPossible: problem === undefined });
    },
  };

  dispose(): void {
    clearTimeout(this.later);
    clearTimeout(this.listing);
    this.disposables.dispose();
  }

  private isOwnAgent(uri: string): boolean {
    return this.services.tasks.isUnder(uri, this.codexId);
  }

  private sendApprovals(): void {
    const approvals = this.services.approvals.items.filter(({ codexId }) => codexId === this.codexId || this.isOwnAgent(codexId));
    if (approvals.length === 0 && !this.hadApprovals) return;
    this.hadApprovals = approvals.length > 0;
    this.post({ type: 'approvals', approvals });
  }

  private sendChildren(): void {
    const tasks = this.services.tasks.childrenOf(this.codexId);
    if (tasks.length === 0 && !this.hadChildren) return;
    this.hadChildren = tasks.length > 0;
    this.post({ type: 'children', tasks });
  }

  private async sendUnderReview(): Promise<void> {
    clearTimeout(this.listing);
    this.listing = undefined;
    try {
      const { files } = await this.services.sidecar.request(editList, { codexId: this.codexId });
      this.post({
        type: 'underReview',
        files: files.flatMap(({ path, state, added, removed }) => (state === 'pending' ? [{ path, added, removed }] : [])),
      });
    } catch (error) {
      this.services.log.warn(`The changes of ${this.codexId} could not be listed: ${toFailureError(error).message}`);
    }
  }

  private async sendBackgroundCommands(): Promise<void> {
    try {
      const { commands } = await this.services.sidecar.request(backgroundList, { codexId: this.codexId });
      this.post({ type: 'backgroundCommands', commands });
    } catch (error) {
      this.services.log.warn(`The background commands of ${this.codexId} could not be listed: ${toFailureError(error).message}`);
    }
  }

  private async runBackground(action: BackgroundAction, id: string): Promise<void> {
    const { sidecar } = this.services;
    if (action === 'show') await run('plue.terminal.showBackground', id);
    else if (action === 'stop') await sidecar.request(backgroundStop, { id });
    else await sidecar.request(backgroundKeep, { id, keep: action === 'keep' });
  }

  private async sendSessionOptions(): Promise<void> {
    try {
      const { items } = await this.services.sidecar.request(messageSessionOptions, { codexId: this.codexId });
      this.post({ type: 'sessionOptions', options: items });
    } catch (error) {
      this.services.log.warn(`The options of the agent in ${this.codexId} could not be listed: ${toFailureError(error).message}`);
    }
  }

  private refreshSoon(): void {
    if (!this.chat.isTask) return;
    this.later ??= setTimeout(() => {
      this.later = undefined;
      void this.ask();
    }, refreshDelay);
  }

  /** Only one request at a time; a change meanwhile causes another request. */
  private async ask(): Promise<void> {
    if (!this.chat.isTask) return;
    if (this.asking !== undefined) {
      this.isStale = true;
      return this.asking;
    }
    this.asking = this.fetch();
    await this.asking;
    this.asking = undefined;
    if (!this.isStale) return;
    this.isStale = false;
    this.refreshSoon();
  }

  private async fetch(): Promise<void> {
    try {
      this.post({ type: 'task', detail: await this.services.sidecar.request(taskGet, { uri: this.codexId }) });
    } catch (error) {
      const { message } = toFailureError(error);
      this.services.log.warn(`What stands beside the task ${this.codexId} could not be read: ${message}`);
      this.post({ type: 'taskFailed', message });
    }
  }
}

async function run(command: string, argument: unknown): Promise<void> {
  await vscode.commands.executeCommand(command, argument);
}
