import type { Disposable } from 'vscode';

/** Disposes items in reverse order, once. */
export class Disposables implements Disposable {
  private readonly held: Disposable[] = [];
  private disposed = false;

  /** Returns the added item. After disposal, disposes it immediately. */
  add<T extends Disposable>(disposable: T): T {
    if (this.disposed) disposable.dispose();
    else this.held.push(disposable);
    return disposable;
  }

  dispose(): void {
    this.disposed = true;
    for (const disposable of this.held.splice(0).reverse()) disposable.dispose();
  }
}
