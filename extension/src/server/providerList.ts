import * as vscode from 'vscode';
import { Disposables } from '../infrastructure/disposables';
import type { Log } from '../infrastructure/logging';
import type { ProviderDiscoverResult, ProviderKindView, ProviderSummary } from '../protocol/protocol.generated';
import { providerDiscover, providerList } from '../protocol/protocol.generated';
import type { Sidecar } from './client';

/** The last list of configured providers, shared by all views. */
export class ProviderList implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<ProviderSummary[]>();
  private readonly found = new vscode.EventEmitter<ProviderDiscoverResult>();

  private readonly disposables = new Disposables();
  private searched = false;
  private isFollowing = false;
  private isStale = false;
  private discovering: Promise<ProviderDiscoverResult> | undefined;

  items: ProviderSummary[] = [];
  kinds: ProviderKindView[] = [];
  /** The reason why the folder of provider files cannot be read. */
  folderProblem: string | undefined;
  readonly onDidChange = this.changed.event;
  readonly onDidDiscover = this.found.event;

  constructor(
    private readonly sidecar: Sidecar,
    private readonly log?: Pick<Log, 'warn'>,
  ) {
    for (const emitter of [this.changed, this.found]) this.disposables.add(emitter);
    this.disposables.add(
      sidecar.onProviderChanged(() => {
        void this.follow();
      }),
    );
  }

  get default(): ProviderSummary | undefined {
    return this.items.find((provider) => provider.isDefault);
  }

  async refresh(): Promise<ProviderSummary[]> {
    const { items, kinds, folderProblem } = await this.sidecar.request(providerList, {});
    this.items = items;
    this.kinds = kinds;
    this.folderProblem = folderProblem;
    this.changed.fire(items);
    return items;
  }

  /** Searches this machine for providers, once per session, while the tour is the default. */
  async ensureDefault(): Promise<void> {
    await this.refresh();
    if (this.discovering !== undefined) await this.discovering;
    else if (!this.searched && (this.default === undefined || this.default.source === 'tour')) await this.discover();
  }

  /** Concurrent callers share one search. */
  discover(): Promise<ProviderDiscoverResult> {
    this.discovering ??= this.look().finally(() => (this.discovering = undefined));
    return this.discovering;
  }

  /** A change during a request triggers another request. */
  private async follow(): Promise<void> {
    this.isStale = true;
    if (this.isFollowing) return;
    this.isFollowing = true;
    try {
      while (this.isStale) {
        this.isStale = false;
        await this.refresh();
      }
    } catch (error) {
      this.log?.warn(`The providers could not be listed: ${error instanceof Error ? error.message : 'unknown error'}`);
    } finally {
      this.isFollowing = false;
    }
  }

  private async look(): Promise<ProviderDiscoverResult> {
    const result = await this.sidecar.request(providerDiscover, {});
    this.searched = true;
    await this.refresh();
    this.found.fire(result);
    return result;
  }

  dispose(): void {
    this.disposables.dispose();
  }
}
