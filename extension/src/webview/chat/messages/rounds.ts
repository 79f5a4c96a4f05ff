// Combines the rounds of a turn, which are separate messages, into one response.
import type { CostView, MessageView, TimingView, UsageView } from '../../../protocol/protocol.generated';

/** Totals of a response, shown with its last round. */
export interface Rounds {
  /** True if another round of the same response follows. */
  continues: boolean;
  /** IDs of earlier rounds, in order. */
  before: readonly string[];
  /** True if any round has text. */
  hasText: boolean;
  usage?: UsageView;
  cost?: CostView;
  timing?: TimingView;
}

/** No turn has as many rounds. */
const maxRounds = 500;

/** @param at Returns a message by its index in the branch; undefined if it is not loaded. */
export function roundsOf(index: number, at: (index: number) => MessageView | undefined): Rounds {
  const message = at(index);
  const before: MessageView[] = [];
  for (let i = index - 1; before.length < maxRounds; i--) {
    const earlier = at(i);
    if (earlier === undefined || !isRoundBefore(earlier, at(i + 1))) break;
    before.unshift(earlier);
  }
  const all = message === undefined ? before : [...before, message];
  const usage = sumOf(all, ({ usage }) => usage, addUsage);
  const cost = sumOf(all, ({ cost }) => cost, addCost);
  const timing = sumOf(all, ({ timing }) => timing, addTiming);
  return {
    continues: message !== undefined && isRoundBefore(message, at(index + 1)),
    before: before.map(({ id }) => id),
    hasText: all.some(({ parts }) => parts.some((part) => part.kind === 'text' && part.content !== '')),
    ...(usage === undefined ? {} : { usage }),
    ...(cost === undefined ? {} : { cost }),
    ...(timing === undefined ? {} : { timing }),
  };
}

function isRoundBefore(message: MessageView, next: MessageView | undefined): boolean {
  return message.role === 'assistant' && message.stopReason === 'toolUse' && next?.role === 'assistant' && next.compaction === undefined;
}

function sumOf<T>(
  messages: readonly MessageView[],
  of: (message: MessageView) => T | undefined,
  add: (one: T, other: T) => T,
): T | undefined {
  return messages
    .map(of)
    .filter((value) => value !== undefined)
    .reduce<T | undefined>((sum, value) => (sum === undefined ? value : add(sum, value)), undefined);
}

function addUsage(one: UsageView, other: UsageView): UsageView {
  return {
    totalTokens: one.totalTokens + other.totalTokens,
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    cachedReadTokens: one.cachedReadTokens + other.cachedReadTokens,
    cachedWriteTokens: one.cachedWriteTokens + other.cachedWriteTokens,
    reasoningTokens: one.reasoningTokens + other.reasoningTokens,
  };
}

/** The source is kept only if both are the same. */
function addCost(one: CostView, other: CostView): CostView {
  const { price } = one;
  const isSame = price !== undefined && JSON.stringify(price) === JSON.stringify(other.price);
  return {
    inputCost: one.inputCost + other.inputCost,
    outputCost: one.outputCost + other.outputCost,
    cachedCost: one.cachedCost + other.cachedCost,
    totalCost: one.totalCost + other.totalCost,
    priceSource: one.priceSource === 'local' ? other.priceSource : one.priceSource,
    ...(isSame ? { price } : {}),
  };
}

/** The time to the first token is that of the first round. */
function addTiming(one: TimingView, other: TimingView): TimingView {
  return { ...one, durationMs: one.durationMs + other.durationMs };
}
