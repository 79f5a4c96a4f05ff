// The same goal given to several models or templates: their changes, checks, cost and time side by side.
import * as l10n from '@vscode/l10n';
import { atLeast, costNotAvailable, formatCost, notAvailable } from '../../common/format';
import { isWorking } from '../../common/taskStatus';
import { visibleText } from '../../common/visibleText';
import type { CompareView, TaskSpendView } from '../../protocol/protocol.generated';
import { element, setText, textButton } from '../shared/element';
import { loadingElement, PageFrame } from '../shared/pageFrame';
import type { Panel } from '../shared/panel';
import { Section } from '../shared/section';
import type { FromComparePage, ToComparePage } from '../../common/messages/compare';
import { contestantCard } from './contestantCard';
import type { SavedState } from './savedState';

export class ComparePage {
  private readonly frame: PageFrame;
  private readonly spent = element('span', { class: 'kind' });
  private readonly buttons = new Section('div', { class: 'compare-buttons' });
  private readonly head = new Section('section', { class: 'compare-head', 'aria-label': l10n.t('Goal') });
  private readonly cards = new Section('div', { class: 'contestants', role: 'list' });

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromComparePage>,
    saved: SavedState | undefined,
  ) {
    this.cards.node.append(loadingElement());
    this.frame = new PageFrame(root, l10n.t('Comparison'), {
      header: [this.spent, this.buttons.node],
      body: [element('div', { class: 'column' }, this.head.node, this.cards.node)],
    });
    panel.post({ type: 'ready', ...(saved === undefined ? {} : { uri: saved.uri }) });
  }

  receive(message: ToComparePage): void {
    switch (message.type) {
      case 'comparison':
        this.frame.banners.set('problem', undefined);
        return this.show(message.comparison);
      case 'empty':
        this.showButtons(false);
        return this.cards.show('empty', () => [
          element('p', {}, l10n.t('No comparisons yet. Give a goal to several models, and see their changes side by side.')),
        ]);
      case 'refused':
        this.frame.banners.set('problem', visibleText(message.error.message), 'error', [
          textButton(l10n.t('Reload'), () => this.panel.post({ type: 'reload' })),
        ]);
        return;
    }
  }

  private show(comparison: CompareView): void {
    this.panel.setState({ uri: comparison.uri });
    setText(this.spent, budgetText(comparison));
    this.showButtons(comparison.contestants.some(({ task }) => task !== undefined && isWorking(task.status)));
    this.head.show(comparison.goal, () =>
      comparison.goal
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => element('p', {}, visibleText(line))),
    );
    this.cards.show(comparison.contestants, () =>
      comparison.contestants.map((one) => contestantCard(one, (action, task) => this.panel.post({ type: 'act', action, task }))),
    );
  }

  private showButtons(works: boolean): void {
    this.buttons.show(works, () => [
      works ? textButton(l10n.t('Stop All'), () => this.panel.post({ type: 'stopAll' })) : undefined,
      textButton(l10n.t('New Comparison…'), () => this.panel.post({ type: 'new' }), 'quiet'),
    ]);
  }
}

function budgetText({ spent, budget }: CompareView): string {
  const cost = costText(spent);
  return budget.usd === undefined ? cost : l10n.t('{0} of {1}', cost === costNotAvailable ? notAvailable : cost, formatCost(budget.usd));
}

export function costText({ usd, usdIsAtLeast }: TaskSpendView): string {
  return usd === undefined ? costNotAvailable : atLeast(formatCost(usd), usdIsAtLeast);
}
