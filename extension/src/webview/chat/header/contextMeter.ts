// Shows in the header how full the model's context window is, with details in a popup.
import * as l10n from '@vscode/l10n';
import type { MessageContextResult } from '../../../protocol/protocol.generated';
import { element, setText, textButton } from '../../shared/element';
import { formatTokens } from '../../../common/format';

const boxes = 4;

export class ContextMeter {
  readonly node: HTMLElement;
  private readonly button: HTMLButtonElement;
  private readonly boxes = Array.from({ length: boxes }, () => element('span', { class: 'meter-box' }));
  private readonly figure = element('span');
  private readonly popup: HTMLElement;
  private readonly sentence = element('p');
  private readonly bar = element('div', { class: 'context-bar', 'aria-hidden': 'true' });
  private readonly shares = element('dl', { class: 'context-shares' });
  private readonly limit = element('p', { class: 'context-note' });
  private readonly compact: HTMLButtonElement;
  private canCompact = false;
  private shown: MessageContextResult | undefined;
  /** A popup opened by a click stays open when the pointer leaves. */
  private isPinned = false;

  constructor(compact: () => void) {
    this.button = element(
      'button',
      { type: 'button', class: 'meter-button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' },
      element('span', { class: 'meter-boxes', 'aria-hidden': 'true' }, ...this.boxes),
      this.figure,
    );
    this.compact = textButton(l10n.t('Compact Now'), () => {
      if (!this.canCompact) return;
      this.close();
      compact();
    });
    this.popup = element(
      'div',
      { class: 'context-popup', role: 'dialog', 'aria-label': l10n.t('Context'), hidden: true },
      this.sentence,
      this.bar,
      this.shares,
      this.limit,
      this.compact,
    );
    this.node = element('div', { class: 'context-meter', hidden: true }, this.button, this.popup);
    this.button.addEventListener('click', () => (this.isPinned ? this.close() : this.open(true)));
    this.node.addEventListener('mouseenter', () => this.open(false));
    this.node.addEventListener('mouseleave', () => !this.isPinned && this.close());
    this.node.addEventListener('focusin', () => this.open(false));
    this.node.addEventListener('focusout', (event) => {
      if (!(event.relatedTarget instanceof Node && this.node.contains(event.relatedTarget))) this.close();
    });
    this.node.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.popup.hidden) return;
      event.preventDefault();
      event.stopPropagation();
      this.button.focus();
      this.close();
    });
  }

  /** @param canCompact False while a response runs or the chat is read-only. */
  allowCompacting(canCompact: boolean): void {
    this.canCompact = canCompact;
    this.compact.setAttribute('aria-disabled', String(!canCompact));
    this.compact.title = canCompact ? '' : l10n.t('Not available while a response is being written');
  }

  show(context: MessageContextResult | undefined): void {
    if (context === this.shown) return;
    this.shown = context;
    this.node.hidden = context === undefined;
    if (context === undefined) return this.close();
    const { tokens, window, compactsAt, isEstimate, shares } = context;
    const share = shareOf(tokens, window);
    const words = fillText(tokens, window, isEstimate);
    setText(this.figure, window === undefined ? l10n.t('{0} tokens', formatTokens(tokens)) : l10n.t('{0}%', share));
    this.button.setAttribute('aria-label', l10n.t('Context: {0}', words));
    this.boxes.forEach((box, at) => {
      box.hidden = window === undefined;
      box.classList.toggle('full', window !== undefined && at < filledBoxes(tokens, window));
    });
    this.node.classList.toggle('warning', compactsAt !== undefined && tokens >= compactsAt);
    setText(this.sentence, l10n.t('{0}.', words));
    setText(this.limit, limitText(context));
    this.showShares(shares, window ?? tokens, window === undefined ? undefined : compactsAt);
  }

  private showShares(shares: MessageContextResult['shares'], whole: number, compactsAt: number | undefined): void {
    const portion = (tokens: number): string => `${Math.min(100, (tokens / Math.max(1, whole)) * 100)}%`;
    const parts = shares.map(({ tokens }, at) => {
      const part = element('span', { class: `context-part part-${at % 4}` });
      part.style.width = portion(tokens);
      return part;
    });
    const mark = element('span', { class: 'context-mark', hidden: compactsAt === undefined });
    if (compactsAt !== undefined) mark.style.left = portion(compactsAt);
    this.bar.replaceChildren(...parts, mark);
    this.shares.replaceChildren(
      ...shares.flatMap(({ name, tokens }, at) => [
        element('dt', {}, element('span', { class: `context-key part-${at % 4}`, 'aria-hidden': 'true' }), name),
        element('dd', {}, formatTokens(tokens)),
      ]),
    );
  }

  private open(isPinned: boolean): void {
    this.isPinned ||= isPinned;
    this.popup.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
  }

  private close(): void {
    this.isPinned = false;
    this.popup.hidden = true;
    this.button.setAttribute('aria-expanded', 'false');
  }
}

/** Whole percent; only a full window is 100. */
export function shareOf(tokens: number, window: number | undefined): number {
  if (window === undefined || window <= 0) return 0;
  const share = (tokens / window) * 100;
  return share >= 100 ? Math.round(share) : Math.min(99, Math.round(share));
}

/** Any use fills the first box, and only a full window the last. */
export function filledBoxes(tokens: number, window: number): number {
  if (tokens <= 0) return 0;
  return tokens >= window ? boxes : Math.min(boxes - 1, Math.max(1, Math.round((tokens / window) * boxes)));
}

/** "About 12k of 200k tokens, 6%" */
function fillText(tokens: number, window: number | undefined, isEstimate: boolean): string {
  if (window === undefined)
    return isEstimate ? l10n.t('About {0} tokens', formatTokens(tokens)) : l10n.t('{0} tokens', formatTokens(tokens));
  const share = shareOf(tokens, window);
  return isEstimate
    ? l10n.t('About {0} of {1} tokens, {2}%', formatTokens(tokens), formatTokens(window), share)
    : l10n.t('{0} of {1} tokens, {2}%', formatTokens(tokens), formatTokens(window), share);
}

function limitText({ window, compactsAt, tokens }: MessageContextResult): string {
  if (window === undefined) return l10n.t('The model’s context window is unknown.');
  if (compactsAt === undefined) return '';
  if (tokens >= compactsAt) return l10n.t('Plue summarizes earlier messages before the next question.');
  return l10n.t('Plue summarizes earlier messages at {0} tokens ({1}%).', formatTokens(compactsAt), shareOf(compactsAt, window));
}
