import { stripVTControlCharacters } from 'node:util';
import { fenceFor } from '../../common/fence';

/** The end of a command's output that is kept, in characters as they arrive, and as they are sent. */
const maxRaw = 64_000;
const maxSent = 12_000;

/** Keeps the end of a text that arrives in pieces. */
export class OutputEnd {
  private text = '';
  private isCut = false;

  push(piece: string): void {
    this.text += piece;
    if (this.text.length <= 2 * maxRaw) return;
    this.text = this.text.slice(-maxRaw);
    this.isCut = true;
  }

  /** As a user sees it: without control sequences, and with the last state of lines that were drawn again. */
  read(): string {
    const lines = stripVTControlCharacters(this.text)
      .replaceAll('\r\n', '\n')
      .split('\n')
      .map((line) => line.slice(line.lastIndexOf('\r', line.length - 2) + 1).replace(/[\r\b]/g, ''));
    const text = lines.join('\n').trim();
    const isCut = this.isCut || text.length > maxSent;
    return isCut ? `…\n${text.slice(-maxSent)}` : text;
  }
}

export interface FailedCommand {
  commandLine: string;
  exitCode: number;
  output: string;
}

/** Returns what a tool of VS Code says about the last command, unless that is another command. */
export function toolOutput(text: string, commandLine: string): string {
  const output = new OutputEnd();
  output.push(text);
  return text.includes(commandLine.trim()) ? output.read() : '';
}

/** Returns a command with its output, as a terminal shows them. VS Code does not know the exit code of each command. */
export function commandText({ commandLine, exitCode, output }: Omit<FailedCommand, 'exitCode'> & { exitCode: number | undefined }): string {
  const exit = exitCode === undefined ? '' : `Exit code: ${exitCode}`;
  return [`$ ${commandLine.trim()}`, output, exit].filter((part) => part !== '').join('\n');
}

/** @param request The user's sentence. */
export function failureMessage(request: string, { commandLine, exitCode, output }: FailedCommand): string {
  const fence = fenceFor(`${commandLine}\n${output}`);
  const parts = [request, `${fence}sh\n${commandLine.trim()}\n${fence}`, `Exit code: ${exitCode}`];
  return [...parts, ...(output === '' ? [] : [`${fence}text\n${output}\n${fence}`])].join('\n\n');
}
