import * as v from 'valibot';
import type { Memento } from 'vscode';

/** Returns a store for state that an extension keeps across sessions. */
export function memory(held: Record<string, unknown> = {}): Memento {
  return {
    keys: () => Object.keys(held),
    get: <T>(key: string): T | undefined =>
      v.parse(
        v.custom<T | undefined>(() => true),
        held[key],
      ),
    update: (key: string, value: unknown) => {
      held[key] = value;
      return Promise.resolve();
    },
  };
}
