// Edits the line that the user types into the terminal of a background command, which has no terminal of its own.

export interface TypedInput {
  /** What the terminal shows for it. */
  echo: string;
  /** Complete lines. */
  lines: string[];
  /** Ctrl+C. */
  isStop: boolean;
}

export class LineInput {
  private line: string[] = [];

  /** @param data Keys as VS Code sends them; pasted text arrives at once. */
  type(data: string): TypedInput {
    const typed: TypedInput = { echo: '', lines: [], isStop: false };
    // Arrow and function keys are not supported. A paste in brackets is text.
    // eslint-disable-next-line no-control-regex
    const keys = data.replaceAll(/\u001b\[20[01]~/g, '').replaceAll(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O.|.)?/g, '');
    for (const key of keys.replaceAll('\r\n', '\r')) {
      if (key === '\r' || key === '\n') {
        typed.lines.push(this.line.join(''));
        typed.echo += '\r\n';
        this.line = [];
      } else if (key === '\u007f' || key === '\b') {
        if (this.line.pop() !== undefined) typed.echo += '\b \b';
      } else if (key === '\u0015') {
        typed.echo += '\b \b'.repeat(this.line.length);
        this.line = [];
      } else if (key === '\u0003') {
        typed.isStop = true;
      } else if (key >= ' ' || key === '\t') {
        this.line.push(key);
        typed.echo += key;
      }
    }
    return typed;
  }
}
