// Figures about a response, in one line.
import * as l10n from '@vscode/l10n';
import type { MessageView, PriceView, ProviderInfoView } from '../../../protocol/protocol.generated';
import { costNotAvailable, formatTokens, formatPrice, formatCost, formatDuration } from '../../../common/format';
import type { Timing } from '../state/chatState';
import { visibleText } from '../../../common/visibleText';
import { element } from '../../shared/element';

export interface Figure {
  words: string;
  /** Source of the figure, shown on hover. */
  source?: string;
  /** Hidden in a narrow panel, where only the table of details has it. */
  isDetail?: boolean;
}

/** Returns "claude-sonnet", "2.1k input (1.8k cached)", "310 output", "$0.006", "1.2 s to first token". Unknown figures are omitted, except cost. */
export function figuresOf(message: MessageView, timing: Timing | undefined): Figure[] {
  const { providerInfo, usage, cost } = message;
  const instead = providerInfo === undefined ? undefined : fallbackText(providerInfo);
  const figures: Figure[] = [...(instead === undefined ? [] : [{ words: instead }])];
  figures.push({ words: providerInfo?.modelId ?? (instead === undefined ? (providerInfo?.providerName ?? '') : '') });
  if (usage !== undefined) {
    const read =
      usage.cachedReadTokens > 0
        ? l10n.t('{0} input ({1} cached)', formatTokens(usage.inputTokens), formatTokens(usage.cachedReadTokens))
        : l10n.t('{0} input', formatTokens(usage.inputTokens));
    const written = l10n.t('{0} output', formatTokens(usage.outputTokens));
    const source = usage.isEstimated === true ? { source: l10n.t('Estimated by Plue: the provider reported no usage') } : {};
    const words = (text: string): string => (usage.isEstimated === true ? `≈ ${text}` : text);
    figures.push({ words: words(read), isDetail: true, ...source }, { words: words(written), isDetail: true, ...source });
  }
  if (cost !== undefined) {
    const source = cost.price === undefined ? undefined : priceUsed(cost.price);
    figures.push({
      words: cost.priceSource === 'local' ? l10n.t('local') : formatCost(cost.totalCost),
      ...(cost.priceSource === 'vendor' ? { source: l10n.t('Reported by the provider') } : source === undefined ? {} : { source }),
    });
  } else if (usage !== undefined) figures.push({ words: costNotAvailable });
  const toFirst = toFirstToken(message, timing);
  if (toFirst !== undefined) figures.push({ words: l10n.t('{0} to first token', formatDuration(toFirst)), isDetail: true });
  return figures.filter(({ words }) => words !== '');
}

/** Returns "Response from Groq: Anthropic is rate limited."; undefined if the selected provider responded. */
export function fallbackText({ providerName, fallbackReason }: ProviderInfoView): string | undefined {
  return fallbackReason === undefined || fallbackReason === '' ? undefined : l10n.t('Response from {0}: {1}', providerName, fallbackReason);
}

/** Returns "Per million tokens: $3 input, $15 output, $0.3 cache read". */
export function priceUsed(price: PriceView): string {
  const parts = [
    l10n.t('{0} input', formatPrice(price.inputPerMillion)),
    l10n.t('{0} output', formatPrice(price.outputPerMillion)),
    ...(price.cachedReadPerMillion === undefined ? [] : [l10n.t('{0} cache read', formatPrice(price.cachedReadPerMillion))]),
    ...(price.cachedWritePerMillion === undefined ? [] : [l10n.t('{0} cache write', formatPrice(price.cachedWritePerMillion))]),
  ];
  return l10n.t('Per million tokens: {0}', parts.join(', '));
}

/** Returns stored milliseconds, or else those measured by this webview. */
export function toFirstToken({ timing: stored }: MessageView, seen: Timing | undefined): number | undefined {
  if (stored?.firstTokenMs !== undefined) return stored.firstTokenMs;
  return seen?.turnStartedAt !== undefined && seen.firstDeltaAt !== undefined ? seen.firstDeltaAt - seen.turnStartedAt : undefined;
}

/** The line of figures below a response. */
export class FiguresLine {
  readonly node = element('span', { class: 'figures' });
  /** Serialized input of the current content. */
  private shown = '';

  show(figures: readonly Figure[]): void {
    const key = JSON.stringify(figures);
    if (key === this.shown) return;
    this.shown = key;
    this.node.replaceChildren(
      ...figures.map(({ words, source, isDetail }, index) =>
        element('span', { title: source, class: isDetail === true && 'figure-detail' }, index === 0 ? '' : ' · ', visibleText(words)),
      ),
    );
  }
}
