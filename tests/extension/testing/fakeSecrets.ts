import { EventEmitter, type SecretStorage, type SecretStorageChangeEvent } from 'vscode';

/** Keeps secrets in memory; a broken one fails at every call, as without a keyring. */
export class FakeSecrets implements SecretStorage {
  readonly held = new Map<string, string>();
  readonly onDidChange = new EventEmitter<SecretStorageChangeEvent>().event;

  constructor(private readonly state: 'working' | 'broken' = 'working') {}

  get(key: string): Promise<string | undefined> {
    return this.act(() => this.held.get(key));
  }

  store(key: string, value: string): Promise<void> {
    return this.act(() => void this.held.set(key, value));
  }

  delete(key: string): Promise<void> {
    return this.act(() => void this.held.delete(key));
  }

  keys(): Promise<string[]> {
    return this.act(() => [...this.held.keys()]);
  }

  private act<T>(action: () => T): Promise<T> {
    return this.state === 'broken' ? Promise.reject(new Error('no keyring')) : Promise.resolve(action());
  }
}
