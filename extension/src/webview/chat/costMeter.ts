// What this chat has cost so far, and of how much.
import { element, setText } from '../shared/element';
import { money } from '../shared/figures';

export class CostMeter {
  readonly node = element('span', { class: 'cost', hidden: true });
  private cost: number | undefined;
  private limit: number | undefined;

  /** @param cost USD; undefined while nothing was paid, or no price is known. */
  show(cost: number | undefined): void {
    this.cost = cost;
    const { limit } = this;
    this.node.hidden = cost === undefined;
    if (cost === undefined) return;
    setText(this.node, limit === undefined ? money(cost) : `${money(cost)} of ${money(limit)}`);
    this.node.title = limit === undefined ? 'Cost of this chat so far' : 'Cost of this chat so far, and the most that one chat may cost';
    this.node.classList.toggle('warning', limit !== undefined && cost >= limit * 0.85);
  }

  /** @param limit USD; undefined for none. */
  showLimit(limit: number | undefined): void {
    this.limit = limit;
    this.show(this.cost);
  }
}
