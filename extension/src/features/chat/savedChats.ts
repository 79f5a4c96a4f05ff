// Drafts and scroll positions of chats, for the next webview of each chat. VS Code keeps such state only for the same webview.
import type * as vscode from 'vscode';
import { type SavedState, readSavedState } from '../../common/messages/savedState';

const key = 'plue.savedChats';
/** Maximum number of chats; the oldest without a draft are removed. */
const limit = 50;
/** Milliseconds before a change is written, because each keystroke changes a draft. */
const pause = 500;

export class SavedChats implements vscode.Disposable {
  /** By chat ID, most recently changed last. */
  private readonly states: Map<string, SavedState>;
  private writing: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly memory: vscode.Memento) {
    const stored = memory.get<unknown>(key);
    const states = (Array.isArray(stored) ? stored : []).map(readSavedState).filter((state) => state !== undefined);
    this.states = new Map(states.map((state) => [state.codexId, state]));
  }

  get(codexId: string): SavedState | undefined {
    return this.states.get(codexId);
  }

  /** True if the user typed or attached something that was not sent. */
  hasDraft(codexId: string): boolean {
    const state = this.states.get(codexId);
    return (
      state !== undefined &&
      (state.draft.trim() !== '' || (state.attachments ?? []).length > 0 || (state.texts ?? []).length > 0 || state.unstored !== undefined)
    );
  }

  set(state: SavedState): void {
    this.states.delete(state.codexId);
    this.states.set(state.codexId, state);
    const withoutDraft = [...this.states.keys()].filter((codexId) => !this.hasDraft(codexId));
    for (const codexId of withoutDraft.slice(0, Math.max(0, this.states.size - limit))) this.states.delete(codexId);
    this.writeSoon();
  }

  delete(codexId: string): void {
    if (this.states.delete(codexId)) this.writeSoon();
  }

  dispose(): void {
    if (this.writing === undefined) return;
    clearTimeout(this.writing);
    void this.write();
  }

  private writeSoon(): void {
    this.writing ??= setTimeout(() => void this.write(), pause);
  }

  private write(): Thenable<void> {
    this.writing = undefined;
    return this.memory.update(key, [...this.states.values()]);
  }
}
