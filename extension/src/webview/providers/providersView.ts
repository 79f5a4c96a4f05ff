// Start view of the page: the providers, and details of the selected one.
import * as l10n from '@vscode/l10n';
import type { ProviderSummary } from '../../protocol/protocol.generated';
import { element, type Child } from '../shared/element';
import { Section } from '../shared/section';
import { visibleText } from '../../common/visibleText';
import { actionButton, failureOf, isUp, loadingLine, type Actions, type View } from './actions';
import { modelTable, priceNote } from './modelTable';
import { isBusy, isEmpty, type State } from './pageState';
import { providerHead } from './providerDetail';
import { providerRows } from './providerRows';
import { welcome } from './welcome';
import { ago } from './words';

export class ProvidersView implements View {
  readonly node: HTMLElement;
  private readonly welcome = new Section('section', { class: 'route', 'aria-label': l10n.t('Start') });
  private readonly list = new Section('nav', { class: 'provider-column', 'aria-label': l10n.t('Configured providers') });
  private readonly head = new Section('div', {});
  private readonly modelsHead = new Section('div', {});
  private readonly models = new Section('div', {});
  private readonly search: HTMLInputElement;
  private readonly detail: HTMLElement;
  private readonly both: HTMLElement;
  private readonly length = { isWhole: false };
  private state: State | undefined;
  /** ID of the provider whose details were requested last. */
  private loaded: string | undefined;

  constructor(private readonly actions: Actions) {
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
    this.detail = element(
      'section',
      { class: 'detail', 'aria-labelledby': 'detail-name' },
      this.head.node,
      this.modelsHead.node,
      this.search,
      this.models.node,
    );
    this.both = element('div', { class: 'providers' }, this.list.node, this.detail);
    this.node = element('div', { class: 'providers-view' }, this.welcome.node, this.both);
  }

  focus(): void {
    const row = this.list.node.querySelector('.provider-name[aria-current]') ?? this.node.querySelector('h2');
    if (row instanceof HTMLElement) row.focus({ preventScroll: true });
  }

  show(state: State): void {
    this.state = state;
    const now = new Date();
    const { providers } = state;
    const minute = Math.floor(now.getTime() / 60_000);
    const empty = providers !== undefined && isEmpty(providers);
    this.welcome.node.hidden = !empty && providers !== undefined;
    this.both.hidden = !this.welcome.node.hidden;
    const around = [state.busy, state.failures, state.sidecar.state, minute];
    if (providers === undefined) {
      this.welcome.show(['loading', state.sidecar.state], () =>
        state.sidecar.state === 'stopped' ? [] : [loadingLine(l10n.t('Loading providers…'))],
      );
      return;
    }
    if (empty) {
      this.welcome.show([providers, state.catalogs?.length, ...around], () => welcome(state, this.actions, now));
      return;
    }
    this.list.show([providers, state.kinds, state.selected, ...around], () => providerRows(state, this.actions, now));
    const provider = providers.find(({ id }) => id === state.selected) ?? providers[0];
    if (provider === undefined) return;
    this.head.show([provider, state.kinds, state.details[provider.id], state.executables, ...around], () =>
      providerHead(state, this.actions, provider, now),
    );
    const result = state.models[provider.id];
    this.search.hidden = (result?.models.length ?? 0) < 8;
    this.modelsHead.show([provider, result === undefined ? undefined : [result.fetchedAt, result.error], ...around], () =>
      this.modelsHeadLines(state, provider, now),
    );
    if (this.loaded !== provider.id) this.length.isWhole = false;
    const ownPrices = state.details[provider.id]?.configuration['model_prices'];
    const isOwnPrice = (modelId: string): boolean => typeof ownPrices === 'object' && ownPrices !== null && modelId in ownPrices;
    this.models.show([provider.id, provider.source, provider.model, result?.models, ownPrices, this.search.value], () =>
      result === undefined
        ? []
        : modelTable({
            caption: l10n.t('Models of {0}', provider.name),
            models: result.models,
            words: this.search.value,
            marks: provider.model === undefined ? {} : { [provider.model]: l10n.t('used') },
            length: this.length,
            ...(provider.source === 'file'
              ? {
                  prices: {
                    isOwn: isOwnPrice,
                    set: (modelId) => this.actions.ask(`price:${provider.id}`, { type: 'setPrice', id: provider.id, modelId }),
                  },
                }
              : {}),
          }),
    );
    this.load(state, provider);
  }

  private modelsHeadLines(state: State, provider: ProviderSummary, now: Date): Child[] {
    if (provider.fault !== undefined || provider.source === 'tour') return [];
    const { id } = provider;
    const work = `models:${id}`;
    const result = state.models[id];
    const heading = element('h3', {}, l10n.t('Models'));
    const ask = (label: string, named: string): HTMLElement =>
      actionButton(state, this.actions, {
        label,
        name: named,
        busyLabel: l10n.t('Loading…'),
        work,
        action: { type: 'listModels', id, refresh: true },
        look: 'quiet',
      });
    const failure = failureOf(state, this.actions, work, provider);
    if (result === undefined) {
      if (failure !== undefined) return [heading, failure];
      if (!provider.enabled)
        return [heading, element('p', { class: 'quiet' }, l10n.t('The provider is disabled, so its models are not listed.'))];
      return [
        heading,
        isBusy(state, work)
          ? loadingLine(l10n.t('Listing the models…'))
          : ask(l10n.t('List Models'), l10n.t('List models of {0}', provider.name)),
      ];
    }
    const from = result.fetchedAt === undefined ? l10n.t('From the catalog') : l10n.t('Listed {0}', ago(result.fetchedAt, now));
    return [
      heading,
      element(
        'p',
        { class: 'quiet' },
        `${l10n.t('{0}.', from)} ${priceNote(result.models)} `,
        ask(l10n.t('Refresh Models'), l10n.t('Refresh models of {0}', provider.name)),
      ),
      result.error === undefined
        ? undefined
        : element('p', { class: 'quiet' }, visibleText(unaskedText(result.error.message, provider.error?.message))),
      failure,
    ];
  }

  /** Requests details at each selection, but models only once. */
  private load(state: State, { id, enabled, fault, source }: ProviderSummary): void {
    if (!isUp(state)) return;
    const work = `models:${id}`;
    const hasModels = state.models[id] !== undefined || isBusy(state, work) || state.failures[work] !== undefined;
    if (this.loaded !== id) {
      this.loaded = id;
      this.detail.scrollTop = 0;
      this.actions.ask(`detail:${id}`, { type: 'show', id });
    }
    if (enabled && fault === undefined && source !== 'tour' && !hasModels)
      this.actions.ask(work, { type: 'listModels', id, refresh: false });
  }
}

/** Avoids showing the same error twice on the page. */
function unaskedText(reason: string, shown: string | undefined): string {
  return reason === shown
    ? l10n.t('The models could not be listed for the reason above.')
    : l10n.t('Could not list the models: {0}', reason);
}
