// What an answer took, in one line.
import type { MessageView } from '../../protocol/protocol.generated';
import { count, money, seconds } from '../shared/figures';
import type { Timing } from './chatState';

/** "claude-sonnet · 2.1k in (1.8k cached) · 310 out · $0.006 · 1.2 s to first token"; what is not known is left out, but never the cost. */
export function figuresOf(message: MessageView, timing: Timing | undefined): string {
  const { providerInfo, usage, cost } = message;
  const figures = [providerInfo?.modelId ?? providerInfo?.providerName ?? ''];
  if (usage !== undefined) {
    const cached = usage.cachedReadTokens > 0 ? ` (${count(usage.cachedReadTokens)} cached)` : '';
    figures.push(`${count(usage.inputTokens)} in${cached}`, `${count(usage.outputTokens)} out`);
  }
  if (cost !== undefined) figures.push(cost.priceSource === 'local' ? 'local' : money(cost.totalCost));
  else if (usage !== undefined) figures.push('cost unknown');
  if (timing?.turnStartedAt !== undefined && timing.firstDeltaAt !== undefined) {
    figures.push(`${seconds(timing.firstDeltaAt - timing.turnStartedAt)} to first token`);
  }
  return figures.filter((figure) => figure !== '').join(' · ');
}
