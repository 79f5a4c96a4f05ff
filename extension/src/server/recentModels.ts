import * as v from 'valibot';
import type * as vscode from 'vscode';
import type { ModelChoice } from '../protocol/protocol.generated';

const key = 'plue.recentModels.v1';
const most = 8;
const kept = v.array(v.object({ providerId: v.string(), model: v.optional(v.string()) }));

/** The models of recent responses in all chats, most recent first. */
export class RecentModels {
  constructor(private readonly memory: vscode.Memento) {}

  get items(): ModelChoice[] {
    const parsed = v.safeParse(kept, this.memory.get<unknown>(key));
    return parsed.success ? parsed.output.slice(0, most) : [];
  }

  /** An empty model means the provider's default. */
  async use(providerId: string, model: string | undefined): Promise<void> {
    const choice: ModelChoice = { providerId, ...(model === undefined || model === '' ? {} : { model }) };
    const others = this.items.filter((item) => item.providerId !== choice.providerId || item.model !== choice.model);
    await this.memory.update(key, [choice, ...others].slice(0, most));
  }
}
