// Compares selected models of all providers.
import * as l10n from '@vscode/l10n';
import type { ModelView } from '../../protocol/protocol.generated';
import { element, iconButton, type Child } from '../shared/element';
import { notAvailable } from '../../common/format';
import { Section } from '../shared/section';
import { visibleText } from '../../common/visibleText';
import { failureOf, focusHeading, loadingLine, routeHead, type Actions, type View } from './actions';
import { priceNote } from './modelTable';
import type { ComparedModel, State } from './pageState';
import { chatCost, price, window, yesOrNo } from './words';

interface Column extends ComparedModel {
  vendor: string;
  model: ModelView;
}

const lines: [string, (model: ModelView) => string][] = [
  [l10n.t('Input $/M'), ({ inputPerMillion }) => price(inputPerMillion)],
  [l10n.t('Output $/M'), ({ outputPerMillion }) => price(outputPerMillion)],
  [l10n.t('Cache read $/M'), ({ cachedReadPerMillion }) => price(cachedReadPerMillion)],
  [l10n.t('Cache write $/M'), ({ cachedWritePerMillion }) => price(cachedWritePerMillion)],
  [l10n.t('Context window'), ({ contextLength }) => window(contextLength)],
  [l10n.t('Max output'), ({ maxOutput }) => window(maxOutput)],
  [l10n.t('Tools'), ({ supportsTools }) => yesOrNo(supportsTools)],
  [l10n.t('Images'), ({ supportsVision }) => yesOrNo(supportsVision)],
  [
    l10n.t('Reasoning'),
    ({ canReason, reasoningLevels }) => (canReason === true && reasoningLevels?.length ? reasoningLevels.join(', ') : yesOrNo(canReason)),
  ],
  [l10n.t('Typical chat'), ({ typicalChatCost }) => chatCost(typicalChatCost)],
];

export class CompareView implements View {
  readonly node: HTMLElement;
  private readonly body = new Section('div', {});

  constructor(private readonly actions: Actions) {
    this.node = element(
      'section',
      { class: 'route', 'aria-label': l10n.t('Compare models') },
      routeHead(l10n.t('Compare models'), actions),
      this.body.node,
    );
  }

  focus(): void {
    focusHeading(this.node);
  }

  show(state: State): void {
    this.body.show([state.compared, state.catalogDetails, state.failures], () => this.table(state));
  }

  private table(state: State): Child[] {
    const missing = state.compared.filter(({ catalogId }) => state.catalogDetails[catalogId] === undefined);
    const columns = columnsOf(state);
    const failures = missing.map(({ catalogId }) => failureOf(state, this.actions, `catalog:${catalogId}`));
    if (columns.length === 0 && missing.length === 0) {
      return [element('p', { class: 'quiet' }, l10n.t('No models to compare. Select models in a provider’s list.'))];
    }
    return [
      ...failures,
      missing.length > 0 && failures.every((one) => one === undefined) ? loadingLine(l10n.t('Loading models…')) : undefined,
      element(
        'div',
        { class: 'scroll-x', tabindex: '0', role: 'region', 'aria-label': l10n.t('Comparison'), 'data-key': 'comparison' },
        element(
          'table',
          { class: 'compare' },
          element('caption', { class: 'visually-hidden' }, l10n.t('Models side by side')),
          element(
            'thead',
            {},
            element('tr', {}, element('th', { scope: 'col' }, l10n.t('Model')), ...columns.map((column) => this.columnHead(state, column))),
          ),
          element(
            'tbody',
            {},
            ...lines.map(([name, read]) =>
              element(
                'tr',
                {},
                element('th', { scope: 'row' }, name),
                ...columns.map(({ model }) => {
                  const words = read(model);
                  return element('td', { class: words === notAvailable ? 'quiet' : undefined }, visibleText(words));
                }),
              ),
            ),
          ),
        ),
      ),
      element('p', { class: 'quiet' }, priceNote(columns.map(({ model }) => model))),
    ];
  }

  private columnHead(state: State, { vendor, model, catalogId, modelId }: Column): HTMLElement {
    const name = visibleText(model.name ?? model.id);
    const remove = iconButton('close', l10n.t('Remove {0} from comparison', name), () =>
      this.actions.change({ compared: state.compared.filter((one) => one.catalogId !== catalogId || one.modelId !== modelId) }),
    );
    remove.dataset['key'] = `leave:${catalogId}:${modelId}`;
    return element(
      'th',
      { scope: 'col' },
      element('span', { class: 'column-head' }, element('span', {}, name), remove),
      element('span', { class: 'quiet line' }, visibleText(vendor)),
    );
  }
}

function columnsOf({ compared, catalogDetails }: State): Column[] {
  return compared.flatMap(({ catalogId, modelId }) => {
    const detail = catalogDetails[catalogId];
    const model = detail?.models.find(({ id }) => id === modelId);
    return detail === undefined || model === undefined ? [] : [{ catalogId, modelId, vendor: detail.summary.name, model }];
  });
}
