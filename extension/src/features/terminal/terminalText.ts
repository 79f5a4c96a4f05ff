import { stripVTControlCharacters } from 'node:util';
import { fenceFor } from '../../common/fence';

/** Maximum output to keep as received, and to send, in characters from the end. */
const maxRaw = 64_000;
const maxSent = 12_000;

/** Keeps the end of a text that is received in parts. */
export class OutputEnd {
  private text = '';
  private isCut = false;

  push(piece: string): void {
    this.text += piece;
    if (this.text.length <= 2 * maxRaw) return;
    this.text = this.text.slice(-maxRaw);
    this.isCut = true;
  }

  /** Returns the text as the user sees it: without control sequences, and with the last state of redrawn lines. */
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

/** Returns the output that a tool of VS Code reports for the last command; empty if that is another command. */
export function toolOutput(text: string, commandLine: string): string {
  const output = new OutputEnd();
  output.push(text);
  return text.includes(commandLine.trim()) ? output.read() : '';
}

/** Returns a command with its output, as shown in a terminal. VS Code does not always know the exit code. */
export function commandText({ commandLine, exitCode, output }: Omit<FailedCommand, 'exitCode'> & { exitCode: number | undefined }): string {
  const exit = exitCode === undefined ? '' : `Exit code: ${exitCode}`;
  return [`$ ${commandLine.trim()}`, output, exit].filter((part) => part !== '').join('\n');
}

/** @param request The request to the model, in the user's language. */
export function failureMessage(request: string, { commandLine, exitCode, output }: FailedCommand): string {
  const fence = fenceFor(`${commandLine}\n${output}`);
  const parts = [request, `${fence}sh\n${commandLine.trim()}\n${fence}`, `Exit code: ${exitCode}`];
  return [...parts, ...(output === '' ? [] : [`${fence}text\n${output}\n${fence}`])].join('\n\n');
}
