import type { Disposable } from 'vscode';

/** Holds what was started and ends it in reverse order, once. */
export class Disposables implements Disposable {
  private readonly held: Disposable[] = [];
  private disposed = false;

  /** Gives back what it was handed. After the end, it is ended at once. */
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
