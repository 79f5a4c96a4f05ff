// Details of a response.
import * as l10n from '@vscode/l10n';
import type { MessageView } from '../../../protocol/protocol.generated';
import { copyButton, element } from '../../shared/element';
import { formatInteger, formatTime, formatCost, formatDuration } from '../../../common/format';
import { visibleText } from '../../../common/visibleText';
import type { Timing } from '../state/chatState';
import { fallbackText, priceUsed, toFirstToken } from './messageFigures';

/** Label and value. */
type DetailLine = [name: string, words: string, kind?: 'copyable'];

/** Returns only known values. */
export function detailsOf(message: MessageView, timing: Timing | undefined): DetailLine[] {
  const { providerInfo, usage, cost } = message;
  const lines: [string, string | undefined, 'copyable'?][] = [
    [l10n.t('Model'), providerInfo?.modelId],
    [l10n.t('Provider'), providerInfo?.providerName],
    [l10n.t('Fallback'), providerInfo === undefined ? undefined : fallbackText(providerInfo)],
    [l10n.t('Input tokens'), usage === undefined ? undefined : tokensIn(usage)],
    [l10n.t('Output tokens'), usage === undefined ? undefined : tokensOut(usage)],
    [l10n.t('Cost'), costText(cost)],
    [l10n.t('Price'), cost?.price === undefined ? undefined : priceUsed(cost.price)],
    [l10n.t('Time to first token'), duration(toFirstToken(message, timing))],
    [l10n.t('Duration'), duration(message.timing?.durationMs)],
    [l10n.t('Time'), formatTime(message.createdAt) || undefined],
    [l10n.t('Request'), providerInfo?.requestId, 'copyable'],
    ...(message.omitted ?? []).map((sentence): [string, string] => [l10n.t('Omitted'), sentence]),
  ];
  return lines.filter((line): line is DetailLine => line[1] !== undefined && line[1] !== '');
}

export function detailsTable(message: MessageView, timing: Timing | undefined, copy: (text: string) => void): HTMLElement {
  const rows = detailsOf(message, timing).flatMap(([name, words, kind]) => [
    element('dt', {}, name),
    element('dd', {}, visibleText(words), ...(kind === 'copyable' ? [copyButton(l10n.t('Copy Request ID'), () => copy(words))] : [])),
  ]);
  return element('dl', { class: 'details', 'aria-label': l10n.t('Details') }, ...rows);
}

function tokensIn({ inputTokens, cachedReadTokens, cachedWriteTokens }: NonNullable<MessageView['usage']>): string {
  const share = inputTokens > 0 ? Math.round((100 * cachedReadTokens) / inputTokens) : 0;
  return [
    formatInteger(inputTokens),
    ...(cachedReadTokens > 0 ? [l10n.t('{0} from cache ({1} %)', formatInteger(cachedReadTokens), share)] : []),
    ...(cachedWriteTokens > 0 ? [l10n.t('{0} cache write', formatInteger(cachedWriteTokens))] : []),
  ].join(', ');
}

function tokensOut({ outputTokens, reasoningTokens }: NonNullable<MessageView['usage']>): string {
  if (reasoningTokens <= 0) return formatInteger(outputTokens);
  return l10n.t('{0}, including {1} reasoning', formatInteger(outputTokens), formatInteger(reasoningTokens));
}

function costText(cost: MessageView['cost']): string | undefined {
  if (cost === undefined) return undefined;
  if (cost.priceSource === 'local') return l10n.t('Free: runs on this machine');
  return cost.priceSource === 'vendor' ? l10n.t('{0}, reported by the provider', formatCost(cost.totalCost)) : formatCost(cost.totalCost);
}

function duration(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatDuration(ms);
}
