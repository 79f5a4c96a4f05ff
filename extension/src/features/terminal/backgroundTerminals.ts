// Terminals that mirror the background commands of agents and send what the user types.
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling, toFailureError } from '../../infrastructure/errors';
import * as l10n from '../../infrastructure/localizedText';
import { truncate } from '../../common/truncate';
import { visibleText } from '../../common/visibleText';
import {
  type BackgroundCommandView,
  backgroundList,
  backgroundRead,
  backgroundSend,
  backgroundStop,
} from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { LineInput } from './lineInput';

const maxName = 40;

export class BackgroundTerminals implements vscode.Disposable {
  private readonly disposables = new Disposables();
  /** Open terminals by the ID of their command. */
  private readonly terminals = new Map<string, vscode.Terminal>();

  constructor(
    private readonly sidecar: Sidecar,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.add(
      vscode.window.onDidCloseTerminal((closed) => {
        for (const [id, terminal] of this.terminals) if (terminal === closed) this.terminals.delete(id);
      }),
    );
  }

  async show(id: string): Promise<void> {
    const terminal = this.terminals.get(id) ?? (await this.create(id));
    terminal.show();
  }

  dispose(): void {
    this.disposables.dispose();
    for (const terminal of this.terminals.values()) terminal.dispose();
  }

  private async create(id: string): Promise<vscode.Terminal> {
    const { commands } = await this.sidecar.request(backgroundList, {});
    const command = commands.find((one) => one.id === id);
    if (command === undefined) throw new FailureError('notFound', l10n.t('This command has ended.'));
    const terminal = vscode.window.createTerminal({
      name: truncate(visibleText(command.command), maxName),
      pty: new BackgroundTerminal(command, this.sidecar, this.log),
      iconPath: new vscode.ThemeIcon('server-process'),
    });
    this.terminals.set(id, terminal);
    return terminal;
  }
}

/** Closing it leaves the command running. */
class BackgroundTerminal implements vscode.Pseudoterminal {
  private readonly written = new vscode.EventEmitter<string>();
  private readonly input = new LineInput();
  private isOpen = false;

  readonly onDidWrite = this.written.event;

  constructor(
    private readonly command: BackgroundCommandView,
    private readonly sidecar: Sidecar,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  open(): void {
    this.isOpen = true;
    this.write(`${dim(`$ ${visibleText(this.command.command)}`)}\n`);
    void this.follow();
  }

  close(): void {
    this.isOpen = false;
    this.written.dispose();
  }

  handleInput(data: string): void {
    const { echo, lines, isStop } = this.input.type(data);
    this.written.fire(echo);
    void runWithErrorHandling(this.log, async () => {
      for (const text of lines) await this.sidecar.request(backgroundSend, { id: this.command.id, text });
      if (isStop) await this.sidecar.request(backgroundStop, { id: this.command.id });
    });
  }

  /** Shows the output until the command has ended. */
  private async follow(): Promise<void> {
    try {
      for (let from = 0; this.isOpen;) {
        const { text, next, omitted, status } = await this.sidecar.request(backgroundRead, { id: this.command.id, from });
        if (omitted > 0) this.write(dim(`[${l10n.t('{0} earlier characters are not shown', omitted)}]\n`));
        this.write(text);
        from = next;
        if (status !== undefined) return this.write(`${dim(status)}\n`);
      }
    } catch (error) {
      this.write(`${dim(`[${toFailureError(error).message}]`)}\n`);
    }
  }

  /** The output has no terminal sequences of its own. */
  private write(text: string): void {
    if (this.isOpen) this.written.fire(text.replaceAll('\n', '\r\n'));
  }
}

function dim(text: string): string {
  return `\u001b[2m${text}\u001b[0m`;
}
