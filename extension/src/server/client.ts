// The typed connection to the sidecar. It starts it, starts it again after a crash, and tells who is interested.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  State,
  type CloseHandlerResult,
  type RequestType,
} from 'vscode-languageclient/node';
import { Disposables } from '../infrastructure/disposables';
import { toFailureError } from '../infrastructure/errors';
import { SidecarLines, maskedChannel } from '../infrastructure/logging';
import { codexChanged, messageEvent, workspaceTrust } from '../protocol/protocol.generated';
import type { CodexChangedParams, ErrorData, MessageEventParams, PlueOptions } from '../protocol/protocol.generated';
import { stoppedFailure, toFailure } from './failures';
import { RestartPolicy } from './restartPolicy';
import { startSidecar, type SidecarCommand } from './sidecar';

export type SidecarState = { state: 'starting' } | { state: 'running' } | { state: 'stopped'; cause: string };

/** What features see of the sidecar. */
export interface Sidecar {
  readonly state: SidecarState;
  /** Running, for the first time or again: whatever was open is to be fetched anew. */
  readonly onDidStart: vscode.Event<void>;
  readonly onDidChangeState: vscode.Event<SidecarState>;
  /** Waits for a start under way. Rejects with a FailureError, or a UserCancelledError after a cancel. */
  request<P, R>(type: RequestType<P, R, ErrorData>, params: P, token?: vscode.CancellationToken): Promise<R>;
  readonly onCodexChanged: vscode.Event<CodexChangedParams>;
  readonly onMessageEvent: vscode.Event<MessageEventParams>;
}

export interface SidecarOptions {
  log: vscode.LogOutputChannel;
  /** Throws a FailureError where there is none. Asked at each start. */
  find(): SidecarCommand;
  /** Asked at each start: trust may have been granted since. */
  workspace(): PlueOptions;
}

export class SidecarClient implements Sidecar, vscode.Disposable {
  private readonly started = new vscode.EventEmitter<void>();
  private readonly stateChanged = new vscode.EventEmitter<SidecarState>();
  private readonly policy = new RestartPolicy();
  private readonly codexChanged = new vscode.EventEmitter<CodexChangedParams>();
  private readonly messageEvent = new vscode.EventEmitter<MessageEventParams>();
  private readonly disposables = new Disposables();
  private current: { client: LanguageClient; registrations: Disposables } | undefined;
  private process: ChildProcess | undefined;
  private lastLine = '';

  state: SidecarState = { state: 'starting' };
  readonly onDidStart = this.started.event;
  readonly onDidChangeState = this.stateChanged.event;
  readonly onCodexChanged = this.codexChanged.event;
  readonly onMessageEvent = this.messageEvent.event;

  constructor(private readonly options: SidecarOptions) {
    for (const emitter of [this.started, this.stateChanged, this.codexChanged, this.messageEvent]) this.disposables.add(emitter);
    this.disposables.add(
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        // While it starts, the new start options say it already.
        if (this.state.state === 'running') void this.current?.client.sendNotification(workspaceTrust, { trusted: true });
      }),
    );
  }

  /** Returns at once; `onDidStart` or `onDidChangeState` tell how it went. */
  start(): void {
    const client = this.createClient();
    const registrations = new Disposables();
    this.current = { client, registrations };
    // A client keeps one handler for a method, so each is registered here once and shared by an event.
    registrations.add(client.onNotification(codexChanged, (params) => this.codexChanged.fire(params)));
    registrations.add(client.onNotification(messageEvent, (params) => this.messageEvent.fire(params)));
    registrations.add(
      client.onDidChangeState(({ newState }) => {
        if (newState === State.Running) {
          this.setState({ state: 'running' });
          this.started.fire();
        } else if (newState === State.Starting) {
          this.setState({ state: 'starting' });
        }
      }),
    );
    this.setState({ state: 'starting' });
    client.start().catch((error: unknown) => {
      if (this.current?.client === client) this.giveUp(toFailureError(error).message);
    });
  }

  async restart(): Promise<void> {
    await this.stop();
    this.policy.reset();
    this.start();
  }

  async request<P, R>(type: RequestType<P, R, ErrorData>, params: P, token?: vscode.CancellationToken): Promise<R> {
    if (this.state.state === 'stopped' || this.current === undefined) throw stoppedFailure();
    try {
      return await this.current.client.sendRequest<R>(type.method, params, token);
    } catch (error) {
      throw toFailure(error);
    }
  }

  /** Ends the sidecar: asked first, killed when it does not go. */
  async stop(): Promise<void> {
    const ended = this.current;
    this.current = undefined;
    if (ended === undefined) return;
    ended.registrations.dispose();
    const child = this.process;
    try {
      if (ended.client.isRunning()) await ended.client.stop(2000);
    } catch (error) {
      this.options.log.warn(`Stopping the sidecar: ${toFailureError(error).message}`);
    }
    // Its stdin is closed by now or it never started properly; it leaves by itself within seconds, and this makes sure.
    if (child?.exitCode === null && child.signalCode === null && !(await exited(child, 1000))) child.kill('SIGKILL');
  }

  dispose(): void {
    void this.stop();
    this.disposables.dispose();
  }

  private createClient(): LanguageClient {
    const { log } = this.options;
    const lines = new SidecarLines();
    return new QuietClient('plue', 'Plue', () => Promise.resolve(this.spawn()), {
      documentSelector: [],
      outputChannel: log,
      traceOutputChannel: maskedChannel(log),
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions: () => this.options.workspace(),
      initializationFailedHandler: () => false,
      stdioOptions: {
        stdout: () => undefined, // the protocol's own
        stderr: (input: Readable) => {
          createInterface({ input, crlfDelay: Infinity }).on('line', (line) => {
            const { level, text } = lines.read(line);
            if (level === 'error' || level === 'warn') this.lastLine = text;
            log[level](text);
          });
        },
      },
      errorHandler: {
        error: (_error, _message, count) => ({ action: (count ?? 0) <= 3 ? ErrorAction.Continue : ErrorAction.Shutdown, handled: true }),
        closed: () => this.onClosed(),
      },
    });
  }

  private spawn(): ChildProcess {
    const child = startSidecar(this.options.find());
    this.lastLine = '';
    this.process = child;
    child.on('error', (error) => {
      this.lastLine = error.message;
      this.options.log.error(`The sidecar could not be started: ${error.message}`);
    });
    this.options.log.info(`Sidecar ${child.spawnfile} started, process ${child.pid ?? 'none'}.`);
    return child;
  }

  private async onClosed(): Promise<CloseHandlerResult> {
    const cause = await this.causeOfDeath();
    if (this.policy.onCrash(Date.now()) === 'restart') {
      this.options.log.warn(`${cause} Starting it again.`);
      return { action: CloseAction.Restart, handled: true, message: 'The sidecar is started again.' };
    }
    this.giveUp(cause);
    return { action: CloseAction.DoNotRestart, handled: true, message: cause };
  }

  private async causeOfDeath(): Promise<string> {
    const child = this.process;
    // Its streams close a moment before its exit code is known.
    if (child?.exitCode === null && child.signalCode === null) await exited(child, 1000);
    const how = child?.signalCode ? `was ended by ${child.signalCode}` : `ended with exit code ${child?.exitCode ?? 'unknown'}`;
    return `Plue’s sidecar ${how}.${this.lastLine === '' ? '' : ` Its last words: ${this.lastLine}`}`;
  }

  private giveUp(cause: string): void {
    if (this.state.state === 'stopped') return;
    this.setState({ state: 'stopped', cause });
    this.options.log.error(cause);
    void this.offerRestart(cause);
  }

  private async offerRestart(cause: string): Promise<void> {
    const chosen = await vscode.window.showErrorMessage(cause, 'Show Log', 'Restart');
    if (chosen === 'Show Log') this.options.log.show(true);
    if (chosen === 'Restart') await this.restart();
  }

  private setState(state: SidecarState): void {
    if (this.state.state === state.state) return;
    this.state = state;
    this.stateChanged.fire(state);
  }
}

/** The library shows its own toasts for what our error handler already tells in one sentence. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }

  override warn(message: string, data?: unknown): void {
    super.warn(message, data, false);
  }

  override info(message: string, data?: unknown): void {
    super.info(message, data, false);
  }
}

/** Whether it ended within the time. */
function exited(child: ChildProcess, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), withinMs);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
