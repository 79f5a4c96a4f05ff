import * as vscode from 'vscode';

/** A name for the `when` clauses of the manifest. False at first. */
export class ContextKey {
  private value = false;

  constructor(private readonly name: string) {}

  /** Tells VS Code only what changed. */
  set(value: boolean): void {
    if (value === this.value) return;
    this.value = value;
    void vscode.commands.executeCommand('setContext', this.name, value);
  }
}
