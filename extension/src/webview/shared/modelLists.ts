// Model lists by provider, shared by the pickers of a page.
import type { ModelView } from '../../protocol/protocol.generated';

export type Models = { state: 'loading' } | { state: 'listed'; models: ModelView[] } | { state: 'failed'; error: string };

export class ModelLists {
  private readonly lists = new Map<string, Models>();
  private readonly listeners: ((providerId: string) => void)[] = [];

  /** @param ask Requests a list, which {@link show} later receives. */
  constructor(private readonly ask: (providerId: string) => void) {}

  onChange(listener: (providerId: string) => void): void {
    this.listeners.push(listener);
  }

  of(providerId: string): Models | undefined {
    return this.lists.get(providerId);
  }

  /** Requests the list once, and again after a failure. */
  load(providerId: string): void {
    const known = this.lists.get(providerId)?.state;
    if (known === 'loading' || known === 'listed') return;
    this.lists.set(providerId, { state: 'loading' });
    this.ask(providerId);
  }

  show(providerId: string, models: ModelView[], error: string | undefined): void {
    // A list with an error is the previous list.
    this.lists.set(providerId, error === undefined || models.length > 0 ? { state: 'listed', models } : { state: 'failed', error });
    for (const listener of this.listeners) listener(providerId);
  }

  /** Undefined while unknown. */
  model(providerId: string, modelId: string | undefined): ModelView | undefined {
    const list = this.lists.get(providerId);
    return list?.state === 'listed' ? list.models.find(({ id }) => id === modelId) : undefined;
  }
}
