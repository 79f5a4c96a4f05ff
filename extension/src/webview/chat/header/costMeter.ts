// Cost of the chat and its limit.
import * as l10n from '@vscode/l10n';
import { element, setText } from '../../shared/element';
import { formatCost } from '../../../common/format';

export class CostMeter {
  readonly node = element('span', { class: 'cost', hidden: true });

  /**
   * @param cost USD; undefined while nothing was paid, or no price is known.
   * @param limit USD; undefined for none.
   */
  show(cost: number | undefined, limit: number | undefined): void {
    this.node.hidden = cost === undefined;
    if (cost === undefined) return;
    setText(this.node, limit === undefined ? formatCost(cost) : l10n.t('{0} of {1}', formatCost(cost), formatCost(limit)));
    this.node.title = limit === undefined ? l10n.t('Cost of this chat') : l10n.t('Cost of this chat and its limit');
    this.node.classList.toggle('warning', limit !== undefined && cost >= limit * 0.85);
  }
}
