import * as vscode from 'vscode';

/** A context key for `when` clauses of the manifest. Initially false. */
export class ContextKey {
  private value = false;

  constructor(private readonly name: string) {}

  /** Does nothing if the value did not change. */
  set(value: boolean): void {
    if (value === this.value) return;
    this.value = value;
    void vscode.commands.executeCommand('setContext', this.name, value);
  }
}
