// What an answer took, in one line.
import type { MessageView, PriceView, ProviderInfoView } from '../../protocol/protocol.generated';
import { count, money, seconds } from '../shared/figures';
import type { Timing } from './chatState';

export interface Figure {
  words: string;
  /** Where it comes from; shown on hover. */
  source?: string;
}

/** "claude-sonnet", "2.1k in (1.8k cached)", "310 out", "$0.006", "1.2 s to first token"; what is not known is left out, but never the cost. */
export function figuresOf(message: MessageView, timing: Timing | undefined): Figure[] {
  const { providerInfo, usage, cost } = message;
  const instead = providerInfo === undefined ? undefined : insteadWords(providerInfo);
  const figures: Figure[] = [...(instead === undefined ? [] : [{ words: instead }])];
  figures.push({ words: providerInfo?.modelId ?? (instead === undefined ? (providerInfo?.providerName ?? '') : '') });
  if (usage !== undefined) {
    const cached = usage.cachedReadTokens > 0 ? ` (${count(usage.cachedReadTokens)} cached)` : '';
    figures.push({ words: `${count(usage.inputTokens)} in${cached}` }, { words: `${count(usage.outputTokens)} out` });
  }
  if (cost !== undefined) {
    const source = cost.price === undefined ? undefined : priceUsed(cost.price);
    figures.push({
      words: cost.priceSource === 'local' ? 'local' : money(cost.totalCost),
      ...(cost.priceSource === 'vendor' ? { source: 'As the provider reported it' } : source === undefined ? {} : { source }),
    });
  } else if (usage !== undefined) figures.push({ words: 'cost unknown' });
  const toFirst = toFirstToken(message, timing);
  if (toFirst !== undefined) figures.push({ words: `${seconds(toFirst)} to first token` });
  return figures.filter(({ words }) => words !== '');
}

/** "Answered by Groq: Anthropic was over its limit."; undefined when the chosen one answered. */
export function insteadWords({ providerName, insteadOf }: ProviderInfoView): string | undefined {
  return insteadOf === undefined || insteadOf === '' ? undefined : `Answered by ${providerName}: ${insteadOf}`;
}

/** "For a million tokens: $3 in, $15 out, $0.3 cached read" */
export function priceUsed(price: PriceView): string {
  const parts = [
    `$${price.inputPerMillion} in`,
    `$${price.outputPerMillion} out`,
    ...(price.cachedReadPerMillion === undefined ? [] : [`$${price.cachedReadPerMillion} cached read`]),
    ...(price.cachedWritePerMillion === undefined ? [] : [`$${price.cachedWritePerMillion} cached write`]),
  ];
  return `For a million tokens: ${parts.join(', ')}`;
}

/** As stored with the answer, else as this page saw it. */
export function toFirstToken({ timing: stored }: MessageView, seen: Timing | undefined): number | undefined {
  if (stored?.firstTokenMs !== undefined) return stored.firstTokenMs;
  return seen?.turnStartedAt !== undefined && seen.firstDeltaAt !== undefined ? seen.firstDeltaAt - seen.turnStartedAt : undefined;
}
