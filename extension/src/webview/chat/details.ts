// Everything that is known about one answer, line by line.
import type { MessageView } from '../../protocol/protocol.generated';
import { copyButton, element } from '../shared/element';
import { money, seconds } from '../shared/figures';
import { visibleText } from '../shared/visibleText';
import type { Timing } from './chatState';
import { insteadWords, priceUsed, toFirstToken } from './figures';

/** "12,345" */
const whole = new Intl.NumberFormat('en-US');

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** What it is called and what it is; only what is known. */
export function detailsOf(message: MessageView, timing: Timing | undefined): [string, string][] {
  const { providerInfo, usage, cost } = message;
  const lines: [string, string | undefined][] = [
    ['Model', providerInfo?.modelId],
    ['Provider', providerInfo?.providerName],
    ['Stood in', providerInfo === undefined ? undefined : insteadWords(providerInfo)],
    ['Tokens in', usage === undefined ? undefined : tokensIn(usage)],
    ['Tokens out', usage === undefined ? undefined : tokensOut(usage)],
    ['Cost', costWords(cost)],
    ['Price', cost?.price === undefined ? undefined : priceUsed(cost.price)],
    ['First token', duration(toFirstToken(message, timing))],
    ['Duration', duration(message.timing?.durationMs)],
    ['Time', Number.isNaN(Date.parse(message.createdAt)) ? undefined : moment.format(new Date(message.createdAt))],
    ['Request', providerInfo?.requestId],
    ...(message.notCarried ?? []).map((sentence): [string, string] => ['Not carried over', sentence]),
  ];
  return lines.filter((line): line is [string, string] => line[1] !== undefined && line[1] !== '');
}

export function detailsTable(message: MessageView, timing: Timing | undefined, copy: (text: string) => void): HTMLElement {
  const rows = detailsOf(message, timing).flatMap(([name, words]) => [
    element('dt', {}, name),
    element('dd', {}, visibleText(words), ...(name === 'Request' ? [copyButton('Copy request id', () => copy(words))] : [])),
  ]);
  return element('dl', { class: 'details', 'aria-label': 'Details' }, ...rows);
}

function tokensIn({ inputTokens, cachedReadTokens, cachedWriteTokens }: NonNullable<MessageView['usage']>): string {
  const share = inputTokens > 0 ? Math.round((100 * cachedReadTokens) / inputTokens) : 0;
  const read = cachedReadTokens > 0 ? `, ${whole.format(cachedReadTokens)} from cache (${share} %)` : '';
  const written = cachedWriteTokens > 0 ? `, ${whole.format(cachedWriteTokens)} to cache` : '';
  return `${whole.format(inputTokens)}${read}${written}`;
}

function tokensOut({ outputTokens, reasoningTokens }: NonNullable<MessageView['usage']>): string {
  return `${whole.format(outputTokens)}${reasoningTokens > 0 ? `, ${whole.format(reasoningTokens)} of it reasoning` : ''}`;
}

function costWords(cost: MessageView['cost']): string | undefined {
  if (cost === undefined) return undefined;
  if (cost.priceSource === 'local') return 'Nothing: it runs on this machine';
  return `${money(cost.totalCost)}${cost.priceSource === 'vendor' ? ', as the provider reported it' : ''}`;
}

function duration(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : seconds(ms);
}
