// Cost of the chat and its limit.
import * as l10n from '@vscode/l10n';
import { element, setText } from '../../shared/element';
import { formatCost } from '../../../common/format';

export class CostMeter {
  readonly node = element('span', { class: 'cost', hidden: true });
  private cost: number | undefined;
  private limit: number | undefined;

  /** @param cost In USD; undefined before the first cost, or if no price is known. */
  show(cost: number | undefined): void {
    this.cost = cost;
    const { limit } = this;
    this.node.hidden = cost === undefined;
    if (cost === undefined) return;
    setText(this.node, limit === undefined ? formatCost(cost) : l10n.t('{0} of {1}', formatCost(cost), formatCost(limit)));
    this.node.title = limit === undefined ? l10n.t('Cost of this chat') : l10n.t('Cost of this chat and its limit');
    this.node.classList.toggle('warning', limit !== undefined && cost >= limit * 0.85);
  }

  /** @param limit In USD; undefined for no limit. */
  showLimit(limit: number | undefined): void {
    this.limit = limit;
    this.show(this.cost);
  }
}
