// The typed connection to the sidecar. Starts it, restarts it after a crash, and reports its state.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import * as l10n from '../infrastructure/localizedText';
import * as vscode from 'vscode';
import { ResponseError, type NotificationType, type RequestType } from 'vscode-jsonrpc';
import { Disposables } from '../infrastructure/disposables';
import { FailureError, showFailure, toFailureError, UserCancelledError } from '../infrastructure/errors';
import { SidecarLines, maskedChannel } from '../infrastructure/logging';
import { workspaceFolders } from '../infrastructure/workspaceFolders';
import {
  approvalChanged,
  backgroundChanged,
  codexChanged,
  editChanged,
  hostLanguageModel,
  hostLanguageModelEvent,
  hostLanguageModels,
  hostNotify,
  messageEvent,
  modelEvent,
  providerChanged,
  reviewProgress,
  searchHits,
  taskEvent,
  triggerChanged,
  workspaceContinues,
  workspaceFolders as workspaceFoldersChanged,
  workspaceKeepRunning,
  workspaceTrust,
} from '../protocol/protocol.generated';
import type {
  ApprovalChangedParams,
  BackgroundChangedParams,
  CodexChangedParams,
  EditChangedParams,
  ErrorData,
  HostLanguageModelParams,
  HostLanguageModelsParams,
  HostNotifyParams,
  MessageEventParams,
  ModelEventParams,
  PlueOptions,
  ProviderChangedParams,
  ReviewProgressParams,
  SearchHitsParams,
  TaskEventParams,
  TriggerChangedParams,
} from '../protocol/protocol.generated';
import { stoppedFailure, toFailure } from './failures';
import type * as languageClient from './languageClient';
import { serveEditor } from './editor';
import { askLanguageModel, listLanguageModels } from './languageModels';
import { RestartPolicy } from './restartPolicy';
import { startSidecar, type SidecarCommand } from './sidecar';

export type SidecarState = { state: 'starting' } | { state: 'running' } | { state: 'stopped'; cause: string };

/** The sidecar as seen by features. */
export interface Sidecar {
  readonly state: SidecarState;
  /** Fires after each start and restart: open content must be loaded again. */
  readonly onDidStart: vscode.Event<void>;
  readonly onDidChangeState: vscode.Event<SidecarState>;
  /** Waits for a pending start. Rejects with FailureError, or with UserCancelledError if canceled. */
  request<P, R>(type: RequestType<P, R, ErrorData>, params: P, token?: vscode.CancellationToken): Promise<R>;
  readonly onCodexChanged: vscode.Event<CodexChangedParams>;
  readonly onMessageEvent: vscode.Event<MessageEventParams>;
  readonly onModelEvent: vscode.Event<ModelEventParams>;
  readonly onProviderChanged: vscode.Event<ProviderChangedParams>;
  readonly onSearchHits: vscode.Event<SearchHitsParams>;
  readonly onTaskEvent: vscode.Event<TaskEventParams>;
  readonly onApprovalChanged: vscode.Event<ApprovalChangedParams>;
  readonly onEditChanged: vscode.Event<EditChangedParams>;
  readonly onBackgroundChanged: vscode.Event<BackgroundChangedParams>;
  readonly onReviewProgress: vscode.Event<ReviewProgressParams>;
  readonly onTriggerChanged: vscode.Event<TriggerChangedParams>;
  /** A notification from a hook to the user. */
  readonly onNotify: vscode.Event<HostNotifyParams>;
}

export interface SidecarOptions {
  log: vscode.LogOutputChannel;
  /** Called at each start; rejects with FailureError if no program is found. */
  find(): Promise<SidecarCommand>;
  /** Environment variables that override those of this process. Read at each start. */
  variables?(): Record<string, string>;
  /** Read at each start, because trust can be granted later. */
  workspace(): PlueOptions;
}

/** One process of the sidecar. The library's own restart is not used, because it reports a crash at startup twice. */
interface Life {
  /** The running client; undefined while the sidecar starts. */
  connection?: { client: languageClient.QuietClient; library: typeof languageClient };
  /** True if the start options that were sent included trust. */
  trusted: boolean;
  folders: string;
  registrations: Disposables;
  child?: ChildProcess;
  /** Kills a process that does not respond. */
  startTimer?: NodeJS.Timeout;
  over: boolean;
  /** True if the process continues with running work after this window. */
  continues: boolean;
}

const startTimeout = 30_000;

export class SidecarClient implements Sidecar, vscode.Disposable {
  private readonly events = createEvents();
  private readonly policy = new RestartPolicy();
  private readonly disposables = new Disposables();
  private life: Life | undefined;
  private restarting: Promise<void> | undefined;
  private lastError = '';

  state: SidecarState = { state: 'starting' };

  constructor(private readonly options: SidecarOptions) {
    for (const emitter of Object.values(this.events)) this.disposables.add(emitter);
    this.disposables.add(
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        if (this.state.state === 'running') this.sendTrust();
      }),
    );
    this.disposables.add(
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        if (this.state.state === 'running') this.sendFolders();
      }),
    );
  }

  get onDidStart(): vscode.Event<void> {
    return this.events.started.event;
  }

  get onDidChangeState(): vscode.Event<SidecarState> {
    return this.events.stateChanged.event;
  }

  get onCodexChanged(): vscode.Event<CodexChangedParams> {
    return this.events.codexChanged.event;
  }

  get onMessageEvent(): vscode.Event<MessageEventParams> {
    return this.events.messageEvent.event;
  }

  get onModelEvent(): vscode.Event<ModelEventParams> {
    return this.events.modelEvent.event;
  }

  get onProviderChanged(): vscode.Event<ProviderChangedParams> {
    return this.events.providerChanged.event;
  }

  get onSearchHits(): vscode.Event<SearchHitsParams> {
    return this.events.searchHits.event;
  }

  get onTaskEvent(): vscode.Event<TaskEventParams> {
    return this.events.taskEvent.event;
  }

  get onApprovalChanged(): vscode.Event<ApprovalChangedParams> {
    return this.events.approvalChanged.event;
  }

  get onEditChanged(): vscode.Event<EditChangedParams> {
    return this.events.editChanged.event;
  }

  get onReviewProgress(): vscode.Event<ReviewProgressParams> {
    return this.events.reviewProgress.event;
  }

  get onBackgroundChanged(): vscode.Event<BackgroundChangedParams> {
    return this.events.backgroundChanged.event;
  }

  get onTriggerChanged(): vscode.Event<TriggerChangedParams> {
    return this.events.triggerChanged.event;
  }

  get onNotify(): vscode.Event<HostNotifyParams> {
    return this.events.notified.event;
  }

  /** Returns immediately; `onDidStart` or `onDidChangeState` reports the result. */
  start(): void {
    this.setState({ state: 'starting' });
    this.live();
  }

  /** Concurrent calls share one restart, so that no second process is started and left running. */
  restart(): Promise<void> {
    this.restarting ??= this.startAnew().finally(() => (this.restarting = undefined));
    return this.restarting;
  }

  async request<P, R>(type: RequestType<P, R, ErrorData>, params: P, token?: vscode.CancellationToken): Promise<R> {
    await this.settled();
    if (this.state.state === 'stopped' || this.life?.connection === undefined) throw stoppedFailure();
    const { client, library } = this.life.connection;
    try {
      // A second argument, even undefined, would change how parameters are sent.
      return await (token === undefined ? client.sendRequest<R>(type.method, params) : client.sendRequest<R>(type.method, params, token));
    } catch (error) {
      throw toFailure(error, library);
    }
  }

  /** Stops the sidecar, and kills it if it does not exit. A sidecar with running work reports it and continues without this window. */
  async stop(): Promise<void> {
    await this.endLife({ keepsRunning: true });
    this.setState({ state: 'stopped', cause: l10n.t('The Plue sidecar was stopped.') });
    await this.restarting;
  }

  dispose(): void {
    void this.stop();
    this.disposables.dispose();
  }

  private async startAnew(): Promise<void> {
    this.setState({ state: 'starting' });
    await this.endLife({ keepsRunning: false });
    if (this.state.state === 'stopped') return; // stopped meanwhile
    this.policy.reset();
    this.start();
  }

  /** Resolves when the sidecar is running or permanently stopped. */
  private settled(): Promise<void> {
    if (this.state.state !== 'starting') return Promise.resolve();
    return new Promise((resolve) => {
      const waiting = this.onDidChangeState(({ state }) => {
        if (state === 'starting') return;
        waiting.dispose();
        resolve();
      });
    });
  }

  private live(): void {
    const life: Life = { trusted: false, folders: '', registrations: new Disposables(), over: false, continues: false };
    this.life = life;
    this.connect(life)
      .then(
        () => {
          if (this.life !== life || life.over) return;
          // Trust may have been granted after the start options were sent.
          if (!life.trusted && this.options.workspace().trusted) this.sendTrust();
          if (life.folders !== JSON.stringify(workspaceFolders())) this.sendFolders();
          this.setState({ state: 'running' });
          this.events.started.fire();
        },
        (error: unknown) => this.onDown(life, error),
      )
      .catch((error: unknown) => this.options.log.error(toFailureError(error).message))
      .finally(() => clearTimeout(life.startTimer));
  }

  /** Starts the process and loads the library in parallel. */
  private async connect(life: Life): Promise<void> {
    const [child, library] = await Promise.all([this.spawn(life), import('./languageClient')]);
    // Stopped or restarted while the library was loaded.
    if (this.life !== life) throw new UserCancelledError();
    const client = this.createClient(life, library, child);
    life.connection = { client, library };
    // A client has one handler per method, so each is registered once here and exposed as an event.
    // Methods are identified by name and errors are recreated, because the library bundle has its own classes.
    const share = <P>({ method }: NotificationType<P>, emitter: vscode.EventEmitter<P>): void => {
      life.registrations.add(client.onNotification(method, (params: P) => emitter.fire(params)));
    };
    share(codexChanged, this.events.codexChanged);
    share(messageEvent, this.events.messageEvent);
    share(providerChanged, this.events.providerChanged);
    share(modelEvent, this.events.modelEvent);
    share(searchHits, this.events.searchHits);
    share(taskEvent, this.events.taskEvent);
    share(approvalChanged, this.events.approvalChanged);
    share(editChanged, this.events.editChanged);
    share(backgroundChanged, this.events.backgroundChanged);
    share(reviewProgress, this.events.reviewProgress);
    share(triggerChanged, this.events.triggerChanged);
    share(hostNotify, this.events.notified);
    // Not one of the registrations, because it arrives while the client stops.
    client.onNotification(workspaceContinues.method, () => {
      life.continues = true;
    });
    life.registrations.add(client.onRequest(hostLanguageModels.method, (params: HostLanguageModelsParams) => listLanguageModels(params)));
    life.registrations.add(
      client.onRequest(hostLanguageModel.method, (params: HostLanguageModelParams, token: vscode.CancellationToken) =>
        askLanguageModel(params, token, (event) =>
          client.sendNotification(hostLanguageModelEvent.method, { streamId: params.streamId, event }),
        ).catch((error: unknown) => {
          throw error instanceof ResponseError ? new library.ResponseError(error.code, error.message, error.data) : error;
        }),
      ),
    );
    const editor = serveEditor(client, (message) => new library.ResponseError(-32803, message, { kind: 'badRequest' }));
    life.registrations.add(editor.disposable);
    await client.start();
    editor.begin();
  }

  private sendTrust(): void {
    void this.life?.connection?.client.sendNotification(workspaceTrust.method, { trusted: true });
  }

  private sendFolders(): void {
    void this.life?.connection?.client.sendNotification(workspaceFoldersChanged.method, { folders: workspaceFolders() });
  }

  private createClient(life: Life, library: typeof languageClient, child: ChildProcess): languageClient.QuietClient {
    const { log } = this.options;
    const { CloseAction, ErrorAction } = library;
    // Detached: the library must not end a sidecar that continues without this window.
    const running = (): Promise<{ process: ChildProcess; detached: boolean }> =>
      hasExited(child)
        ? Promise.reject(new Error('It ended before it was connected.'))
        : Promise.resolve({ process: child, detached: true });
    return new library.QuietClient('plue', 'Plue', running, {
      documentSelector: [],
      outputChannel: log,
      traceOutputChannel: maskedChannel(log),
      revealOutputChannelOn: library.RevealOutputChannelOn.Never,
      initializationOptions: () => {
        const options = this.options.workspace();
        life.trusted = options.trusted;
        life.folders = JSON.stringify(workspaceFolders());
        return options;
      },
      initializationFailedHandler: () => false,
      stdioOptions: {
        stdout: () => undefined, // used by the protocol
        stderr: () => undefined, // already read since the start
      },
      errorHandler: {
        // No shutdown by the library: it ends the connection without `closed`, so the sidecar would not restart.
        error: (_error, _message, count) => {
          if ((count ?? 0) > 3) child.kill('SIGKILL');
          return { action: ErrorAction.Continue, handled: true };
        },
        closed: () => {
          void this.onDown(life);
          return { action: CloseAction.DoNotRestart, handled: true, message: 'The connection to the sidecar ended.' };
        },
      },
    });
  }

  private async spawn(life: Life): Promise<ChildProcess> {
    this.lastError = '';
    const command = await this.options.find();
    // Stopped or restarted while the program was located.
    if (this.life !== life) throw new UserCancelledError();
    const child = startSidecar(command, this.options.variables?.());
    life.child = child;
    life.startTimer = setTimeout(() => child.kill('SIGKILL'), startTimeout);
    child.on('error', (error) => (this.lastError = error.message));
    if (child.stderr !== null) this.readLog(child.stderr);
    if (child.pid === undefined)
      throw new FailureError('sidecarStopped', l10n.t('Could not start the Plue sidecar from {0}.', child.spawnfile));
    this.options.log.info(`Sidecar ${child.spawnfile} started, process ${child.pid}.`);
    return child;
  }

  private readLog(input: Readable): void {
    const lines = new SidecarLines();
    createInterface({ input, crlfDelay: Infinity }).on('line', (line) => {
      const { level, text, begins } = lines.read(line);
      if (begins && level === 'error') this.lastError = text;
      this.options.log[level](text);
    });
  }

  /** Called once per process when it exits, at startup or later. */
  private async onDown(life: Life, error?: unknown): Promise<void> {
    if (life.over || this.life !== life) return;
    life.over = true;
    this.setState({ state: 'starting' });
    const cause = await this.causeOfDeath(life, error);
    life.registrations.dispose();
    if (this.life !== life) return; // stopped or restarted by the user meanwhile
    // If the program could not run, a retry will not help.
    if (life.child?.pid !== undefined && this.policy.onCrash(Date.now()) === 'restart') {
      this.options.log.warn(`${cause} It is started again.`);
      this.live();
      return;
    }
    this.options.log.error(cause);
    this.setState({ state: 'stopped', cause });
    await showFailure(new FailureError(life.child?.pid === undefined ? toFailureError(error).kind : 'sidecarStopped', cause));
  }

  private async causeOfDeath({ child }: Life, error?: unknown): Promise<string> {
    if (child?.pid === undefined) {
      const reason = this.lastError === '' ? '' : ` ${this.lastError}.`;
      return `${toFailureError(error).message}${reason}`;
    }
    // Streams close shortly before the exit code is available. A process without streams is useless.
    if (!(await exited(child, 1000))) child.kill('SIGKILL');
    const how = child.signalCode
      ? l10n.t('The Plue sidecar was terminated by {0}.', child.signalCode)
      : child.exitCode === null
        ? l10n.t('The Plue sidecar exited.')
        : l10n.t('The Plue sidecar exited with code {0}.', child.exitCode);
    return `${how} ${this.lastError}`.trim();
  }

  private async endLife({ keepsRunning }: { keepsRunning: boolean }): Promise<void> {
    const { life } = this;
    this.life = undefined;
    if (life === undefined) return;
    life.registrations.dispose();
    try {
      const client = life.connection?.client;
      if (client?.isRunning()) {
        if (!keepsRunning) await client.sendNotification(workspaceKeepRunning.method, { keepsRunning });
        await client.stop(2000);
      }
    } catch (error) {
      this.options.log.warn(`Stopping the sidecar: ${toFailureError(error).message}`);
    }
    if (life.continues || life.child?.pid === undefined) return;
    if (!(await exited(life.child, 1000))) life.child.kill('SIGKILL');
  }

  private setState(state: SidecarState): void {
    if (this.state.state === state.state) return;
    this.state = state;
    this.events.stateChanged.fire(state);
  }
}

/** True if the process exited within the timeout. */
function exited(child: ChildProcess, withinMs: number): Promise<boolean> {
  if (hasExited(child)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), withinMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function hasExited({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function createEvents() {
  return {
    started: new vscode.EventEmitter<void>(),
    stateChanged: new vscode.EventEmitter<SidecarState>(),
    codexChanged: new vscode.EventEmitter<CodexChangedParams>(),
    messageEvent: new vscode.EventEmitter<MessageEventParams>(),
    modelEvent: new vscode.EventEmitter<ModelEventParams>(),
    providerChanged: new vscode.EventEmitter<ProviderChangedParams>(),
    searchHits: new vscode.EventEmitter<SearchHitsParams>(),
    taskEvent: new vscode.EventEmitter<TaskEventParams>(),
    approvalChanged: new vscode.EventEmitter<ApprovalChangedParams>(),
    editChanged: new vscode.EventEmitter<EditChangedParams>(),
    backgroundChanged: new vscode.EventEmitter<BackgroundChangedParams>(),
    reviewProgress: new vscode.EventEmitter<ReviewProgressParams>(),
    triggerChanged: new vscode.EventEmitter<TriggerChangedParams>(),
    notified: new vscode.EventEmitter<HostNotifyParams>(),
  };
}
