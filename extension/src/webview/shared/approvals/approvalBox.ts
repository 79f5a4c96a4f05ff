// The list of pending approvals, in the Approvals view and above the composer. It never takes focus.
import * as l10n from '@vscode/l10n';
import type { ApprovalAnswerParams, ApprovalView } from '../../../protocol/protocol.generated';
import { element } from '../element';
import { moveByArrows } from '../roving';
import { ApprovalGuard, guardMs } from './approvalGuard';
import { ApprovalCard } from './approvalCard';
import { groupsOf, pathOf, questionOf } from './groups';

export interface ApprovalBoxActions {
  /** The chat that shows the list; its own approvals need no link. */
  codexId?: string;
  answer(answer: ApprovalAnswerParams): void;
  open(codexId: string): void;
  /** Opens the proposed change of an approval in a diff editor. */
  openDiff(id: string): void;
  /** Announces text to screen readers. */
  announce(words: string): void;
  /** Called when the last approval was answered with the keyboard. */
  left(): void;
  /** Ends the document's listeners if the box is removed before its page. */
  closed?: AbortSignal;
}

export class ApprovalBox {
  readonly node = element('ul', { class: 'approvals', 'aria-label': l10n.t('Approvals'), hidden: true });
  private readonly cards = new Map<string, ApprovalCard>();
  private known = new Set<string>();
  private readonly guard: ApprovalGuard;
  private opening: ReturnType<typeof setTimeout> | undefined;
  private looking: number | undefined;

  constructor(
    private readonly actions: ApprovalBoxActions,
    now?: () => number,
  ) {
    this.guard = new ApprovalGuard(now);
    this.node.addEventListener('keydown', (event) => moveByArrows(event, this.rows()));
    if (typeof ResizeObserver !== 'undefined') new ResizeObserver(() => this.touch()).observe(this.node);
    const until = actions.closed === undefined ? {} : { signal: actions.closed };
    document.addEventListener('visibilitychange', () => this.touch(), until);
    document.addEventListener('scroll', () => this.touch(), { capture: true, passive: true, ...until });
    window.addEventListener('resize', () => this.checkSoon(), until);
  }

  /** @param canAnswer False if the sidecar does not respond. */
  show(approvals: readonly ApprovalView[], canAnswer: boolean): void {
    const groups = groupsOf(approvals);
    const before = [...this.cards.keys()];
    const ids = groups.map(({ first }) => first.id);
    const at = this.rows().findIndex((row) => row.contains(document.activeElement));
    if (before.join('\n') !== ids.join('\n')) this.touch();
    for (const [id, card] of this.cards) {
      if (ids.includes(id)) continue;
      card.node.remove();
      this.cards.delete(id);
    }
    const cards = groups.map((group) => {
      const card = this.cards.get(group.first.id) ?? this.cardFor(group);
      card.update(group, canAnswer);
      return card;
    });
    this.cards.clear();
    cards.forEach((card, index) => {
      this.cards.set(card.id, card);
      const there = this.node.children[index];
      if (there !== card.node) this.node.insertBefore(card.node, there ?? null);
    });
    this.node.hidden = cards.length === 0;
    for (const card of cards) card.look();
    this.keepFocus(at);
    this.announceChanges(approvals);
  }

  /** Enables the buttons again after an answer was rejected. */
  askAgain(): void {
    for (const card of this.cards.values()) card.askAgain();
  }

  focus(): void {
    this.rows()
      .find((row) => row.tabIndex === 0)
      ?.focus();
  }

  private cardFor(group: ReturnType<typeof groupsOf>[number]): ApprovalCard {
    return new ApprovalCard(group, {
      isHere: group.first.codexId === this.actions.codexId,
      answer: (answer) => this.actions.answer(answer),
      open: (codexId) => this.actions.open(codexId),
      openDiff: (id) => this.actions.openDiff(id),
      changed: () => this.touch(),
      mayAnswer: () => this.guard.isOpen,
      announce: (words) => this.actions.announce(words),
    });
  }

  private rows(): HTMLElement[] {
    return [...this.cards.values()].map(({ node }) => node);
  }

  /** Moves focus from a removed approval to the next one. @param at -1 if focus was elsewhere. */
  private keepFocus(at: number): void {
    const rows = this.rows();
    if (rows.length > 0 && !rows.some((row) => row.tabIndex === 0))
      (rows[Math.max(0, Math.min(at, rows.length - 1))] ?? this.node).tabIndex = 0;
    if (at < 0 || this.node.contains(document.activeElement)) return;
    if (rows.length === 0) return this.actions.left();
    const next = rows[Math.min(at, rows.length - 1)];
    for (const row of rows) row.tabIndex = row === next ? 0 : -1;
    next?.focus({ preventScroll: true });
  }

  private announceChanges(approvals: readonly ApprovalView[]): void {
    const fresh = approvals.filter(({ id }) => !this.known.has(id));
    this.known = new Set(approvals.map(({ id }) => id));
    const [first] = fresh;
    if (first === undefined) return;
    this.actions.announce(
      fresh.length > 1
        ? l10n.t('Approval needed: {0} ({1}), and {2} more', questionOf(first), pathOf(first), fresh.length - 1)
        : l10n.t('Approval needed: {0} ({1})', questionOf(first), pathOf(first)),
    );
  }

  /** Disables the buttons for a moment, and dims them meanwhile. */
  private touch(): void {
    this.guard.touch();
    this.node.classList.add('is-fresh');
    clearTimeout(this.opening);
    this.opening = setTimeout(() => this.node.classList.remove('is-fresh'), guardMs);
    this.checkSoon();
  }

  private checkSoon(): void {
    this.looking ??= requestAnimationFrame(() => {
      this.looking = undefined;
      for (const card of this.cards.values()) card.look();
    });
  }
}
