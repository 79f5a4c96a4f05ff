// A vendor of the catalog with its models.
import * as l10n from '@vscode/l10n';
import { element, textButton, type Child } from '../shared/element';
import { Section } from '../shared/section';
import { visibleText } from '../../common/visibleText';
import { actionButton, failureOf, focusHeading, loadingLine, routeHead, type Actions, type View } from './actions';
import { compareBar } from './catalogBrowser';
import { modelTable, priceNote } from './modelTable';
import { isBusy, type State } from './pageState';

export class CatalogView implements View {
  readonly node: HTMLElement;
  private readonly head = new Section('div', {});
  private readonly models = new Section('div', {});
  private readonly search: HTMLInputElement;
  private readonly length = { isWhole: false };
  private state: State | undefined;

  constructor(
    private readonly id: string,
    private readonly actions: Actions,
  ) {
    this.search = element('input', {
      type: 'search',
      class: 'text-input search',
      'aria-label': l10n.t('Filter models'),
      placeholder: l10n.t('Filter models'),
      spellcheck: 'false',
    });
    this.search.addEventListener('input', () => {
      if (this.state !== undefined) this.show(this.state);
    });
    this.node = element('section', { class: 'route', 'aria-label': l10n.t('Catalog') }, this.head.node, this.search, this.models.node);
  }

  focus(): void {
    focusHeading(this.node);
  }

  show(state: State): void {
    this.state = state;
    const detail = state.catalogDetails[this.id];
    this.search.hidden = (detail?.models.length ?? 0) < 8;
    const summary = state.catalogs?.find(({ id }) => id === this.id);
    this.head.show([detail?.summary, summary, detail?.problems, state.busy, state.failures, state.sidecar.state], () =>
      this.headLines(state),
    );
    this.models.show([detail?.models, state.compared, this.search.value], () => this.modelLines(state));
  }

  private headLines(state: State): Child[] {
    const { id, actions } = this;
    const detail = state.catalogDetails[id];
    const summary = detail?.summary ?? state.catalogs?.find((one) => one.id === id);
    if (summary === undefined)
      return [routeHead(id, actions), failureOf(state, actions, `catalog:${id}`) ?? loadingLine(l10n.t('Loading…'))];
    const choose = textButton(
      l10n.t('Choose'),
      () => actions.go({ at: 'connect', choice: { kind: summary.kind, catalogId: id } }),
      'primary',
    );
    choose.setAttribute('aria-label', l10n.t('Choose {0}', visibleText(summary.name)));
    choose.dataset['key'] = 'choose';
    const isShipped = summary.source === 'shipped';
    const edit = textButton(isShipped ? l10n.t('Edit Copy') : l10n.t('Edit'), () => {
      if (detail !== undefined) actions.go({ at: 'editCatalog', document: detail.document, previousId: id });
    });
    edit.dataset['key'] = 'edit-catalog';
    return [
      routeHead(summary.name, actions),
      element(
        'p',
        { class: 'quiet' },
        isShipped
          ? l10n.t('Built into Plue. Editing creates a custom copy that replaces it.')
          : summary.overridesShipped
            ? l10n.t('Custom copy that replaces the built-in catalog. Delete it to restore the built-in one.')
            : l10n.t('Custom catalog.'),
      ),
      element(
        'div',
        { class: 'buttons' },
        choose,
        detail === undefined ? undefined : edit,
        actionButton(state, actions, { label: l10n.t('Export…'), work: 'export', action: { type: 'exportCatalog', ids: [id] } }),
        isShipped
          ? undefined
          : actionButton(state, actions, {
              label: l10n.t('Delete Catalog…'),
              work: `deleteCatalog:${id}`,
              action: { type: 'deleteCatalog', id },
            }),
      ),
      failureOf(state, actions, 'export'),
      failureOf(state, actions, `deleteCatalog:${id}`),
      failureOf(state, actions, `catalog:${id}`),
      problems(detail?.problems.map(({ path, message }) => `${path}: ${message}`) ?? []),
      detail === undefined && isBusy(state, `catalog:${id}`) ? loadingLine(l10n.t('Loading the models…')) : undefined,
    ];
  }

  private modelLines(state: State): Child[] {
    const { id, actions } = this;
    const detail = state.catalogDetails[id];
    if (detail === undefined) return [];
    const { defaultLargeModel, defaultSmallModel } = detail.summary;
    const marks: Record<string, string> = {};
    if (defaultSmallModel !== undefined) marks[defaultSmallModel] = l10n.t('small model');
    if (defaultLargeModel !== undefined) marks[defaultLargeModel] = l10n.t('default');
    const table = modelTable({
      caption: l10n.t('Models of {0}', detail.summary.name),
      models: detail.models,
      words: this.search.value,
      marks,
      length: this.length,
      ticks: {
        isTicked: (modelId) => state.compared.some((one) => one.catalogId === id && one.modelId === modelId),
        tick: (modelId, on) => {
          const others = state.compared.filter((one) => one.catalogId !== id || one.modelId !== modelId);
          actions.change({ compared: on ? [...others, { catalogId: id, modelId }] : others });
        },
      },
    });
    return [...table, element('p', { class: 'quiet' }, priceNote(detail.models)), compareBar(state, actions)];
  }
}

function problems(lines: readonly string[]): HTMLElement | undefined {
  if (lines.length === 0) return undefined;
  return element('ul', { class: 'plain-list notice' }, ...lines.map((line) => element('li', {}, visibleText(line))));
}
