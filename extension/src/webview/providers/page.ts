// The Providers page: routes, views, and requests.
import * as l10n from '@vscode/l10n';
import { element, textButton } from '../shared/element';
import { menuButton } from '../shared/menu';
import { PageFrame } from '../shared/pageFrame';
import type { Panel } from '../shared/panel';
import { isProgram } from '../../common/providerCards';
import { visibleText } from '../../common/visibleText';
import { isUp, type Actions, type View } from './actions';
import { BackupsView } from './backups';
import { CatalogBrowser } from './catalogBrowser';
import { CatalogView } from './catalogDetail';
import { CatalogEditor, saveWork } from './catalogEditor';
import { CompareView } from './compare';
import { connectWork, ConnectView } from './connect';
import { EditProviderView } from './editProvider';
import type { FromProvidersPage, ProvidersAction, ToProvidersPage } from '../../common/messages/providers';
import { begin, isBusy, savedStateOf, reduce, stateFrom, type Route, type State } from './pageState';
import { ProvidersView } from './providersView';
import { statusOf } from './words';

export class ProvidersPage implements Actions {
  private state: State;
  private view: View | undefined;
  private shownRoute = '';
  private pendingDraw: number | undefined;
  private lookedAt = '';
  private readonly history: { route: Route; key: string | undefined }[] = [];
  private readonly frame: PageFrame;
  private readonly add: HTMLButtonElement;

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromProvidersPage>,
  ) {
    this.state = stateFrom(panel.getState());
    this.add = textButton(l10n.t('Add Provider'), () => this.go({ at: 'choose' }), 'primary');
    this.add.dataset['key'] = 'add';
    const more = menuButton({
      label: l10n.t('More'),
      key: 'page-menu',
      items: () => [
        { label: l10n.t('Detect Providers Again'), run: () => this.ask('discover', { type: 'discover' }) },
        { label: l10n.t('Unlock Vault'), run: () => this.ask('help:unlockVault', { type: 'unlockVault' }) },
        { label: l10n.t('Show Log'), run: () => this.ask('help:showLog', { type: 'showLog' }) },
      ],
    });
    this.frame = new PageFrame(root, l10n.t('Providers'), {
      header: [element('span', { class: 'buttons' }, this.add, more)],
    });
    root.addEventListener('keydown', (event) => this.pressed(event));
    // Updates relative times such as "2 h ago".
    setInterval(() => this.schedule(), 60_000);
    this.draw();
  }

  /** False while a change waits for the next frame. */
  get isDrawn(): boolean {
    return this.pendingDraw === undefined;
  }

  receive(message: ToProvidersPage): void {
    const before = this.state;
    if (message.type === 'go') this.remember();
    this.state = reduce(before, message);
    switch (message.type) {
      case 'finished':
        this.finished(before, message.work, message.error?.message);
        break;
      case 'problems':
        if (this.view instanceof CatalogEditor) this.view.showProblems(message.work, message.problems);
        break;
      case 'status':
        this.announce(message.text);
        break;
      case 'refused':
        this.announce(message.error.message);
        break;
      case 'savedCatalog':
        // Reload, because the list does not include the saved catalog yet.
        this.ask('catalogs', { type: 'loadCatalogs' });
        break;
      case 'removedCatalog':
        if (this.state.route.at === 'catalog' && this.state.route.id === message.id) this.back();
        this.ask('catalogs', { type: 'loadCatalogs' });
        break;
      default:
        break;
    }
    this.schedule();
  }

  ask(work: string, action: ProvidersAction): void {
    if (isBusy(this.state, work)) return;
    this.state = begin(this.state, work, action);
    this.panel.post({ ...action, work });
    this.schedule();
  }

  go(route: Route): void {
    this.remember();
    // Programs may have changed since they were listed.
    const shouldReload = route.at === 'connect' && isProgram(route.choice.kind);
    this.state = { ...this.state, executables: shouldReload ? undefined : this.state.executables, route };
    this.settle();
  }

  back(): void {
    const { route, key } = this.history.pop() ?? { route: parentOf(this.state.route), key: undefined };
    this.state = { ...this.state, route };
    this.settle();
    const target =
      key === undefined ? undefined : [...document.querySelectorAll('[data-key]')].find((one) => one.getAttribute('data-key') === key);
    if (target instanceof HTMLElement) target.focus();
  }

  change(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    this.panel.setState(savedStateOf(this.state));
    this.schedule();
  }

  keep(route: Route): void {
    this.state = { ...this.state, route };
    this.panel.setState(savedStateOf(this.state));
  }

  private remember(): void {
    const focused = document.activeElement?.closest('[data-key]')?.getAttribute('data-key') ?? undefined;
    this.history.push({ route: this.state.route, key: focused });
    if (this.history.length > 20) this.history.shift();
  }

  private settle(): void {
    this.panel.setState(savedStateOf(this.state));
    this.draw();
    this.frame.body.scrollTop = 0;
  }

  private finished(before: State, work: string, problem: string | undefined): void {
    const [what, id] = split(work);
    if (problem !== undefined) {
      this.announce(problem);
      return;
    }
    if (what === 'test' || what === 'switch' || what === 'use') {
      const provider = this.state.providers?.find((one) => one.id === id);
      if (provider !== undefined) this.announce(`${provider.name}: ${statusOf(provider, new Date(), false).words}`);
    }
    if (work === 'configure' && before.route.at === 'edit') this.back();
    if (work === saveWork && before.route.at === 'editCatalog') this.back();
    if (work === connectWork && this.state.route.at === 'connect' && this.state.route.choice.providerId !== undefined)
      this.announce(l10n.t('Saved and tested.'));
  }

  private announce(words: string): void {
    this.frame.status.textContent = visibleText(words);
  }

  /** Renders at most once per frame. */
  private schedule(): void {
    this.pendingDraw ??= requestAnimationFrame(() => {
      this.pendingDraw = undefined;
      this.draw();
    });
  }

  private draw(): void {
    const { state } = this;
    this.drawBanners(state);
    this.add.hidden = state.route.at !== 'providers';
    if (!isUp(state)) this.add.setAttribute('aria-disabled', 'true');
    else this.add.removeAttribute('aria-disabled');
    const route = routeKey(state.route);
    const isNew = route !== this.shownRoute;
    if (isNew) {
      const isFirst = this.view === undefined;
      this.shownRoute = route;
      this.view = this.viewOf(state.route);
      this.frame.body.replaceChildren(this.view.node);
      this.view.show(state);
      if (!isFirst) this.view.focus();
    } else this.view?.show(state);
    this.load(state);
  }

  private drawBanners(state: State): void {
    const { sidecar } = state;
    const button = (label: string, type: 'restart' | 'showLog'): HTMLElement =>
      textButton(label, () => this.panel.post({ type, work: `help:${type}` }), type === 'restart' ? 'primary' : 'secondary');
    this.frame.banners.set(
      'sidecar',
      sidecar.state === 'running'
        ? undefined
        : sidecar.state === 'starting'
          ? l10n.t('Plue is starting…')
          : l10n.t(
              '{0} Your providers and keys are kept; the list below may be outdated.',
              sidecar.cause ?? l10n.t('The Plue sidecar is not running.'),
            ),
      sidecar.state === 'starting' ? 'info' : 'error',
      sidecar.state === 'stopped' ? [button(l10n.t('Restart'), 'restart'), button(l10n.t('Show Log'), 'showLog')] : [],
    );
    this.frame.banners.set(
      'folder',
      state.folderProblem === undefined ? undefined : l10n.t('{0} The list is read-only.', state.folderProblem),
      'warning',
    );
    this.frame.banners.set('refusal', state.refusal?.message, 'error', [], () => this.change({ refusal: undefined }));
    const otherFailures = ['help:unlockVault', 'help:checkClaudeCode', 'newChat', 'tour', 'discover'].map(
      (work) => state.failures[work]?.message,
    );
    this.frame.banners.set(
      'aside',
      otherFailures.find((one) => one !== undefined),
      'error',
    );
  }

  private viewOf(route: Route): View {
    switch (route.at) {
      case 'providers':
        return new ProvidersView(this);
      case 'edit':
        return new EditProviderView(route.id, this, route.draft);
      case 'choose':
        return new CatalogBrowser(this);
      case 'catalog':
        return new CatalogView(route.id, this);
      case 'compare':
        return new CompareView(this);
      case 'connect':
        return new ConnectView(route.choice, this);
      case 'editCatalog':
        return new CatalogEditor(route.document, route.previousId, this);
      case 'backups':
        return new BackupsView(this);
    }
  }

  /** Requests the data of a route once. */
  private load(state: State): void {
    if (!isUp(state)) return;
    const { route } = state;
    const needs = (work: string, has: boolean, action: ProvidersAction): void => {
      if (!has && !isBusy(state, work) && state.failures[work] === undefined) this.ask(work, action);
    };
    // The empty page shows the number of providers.
    needs('catalogs', state.catalogs !== undefined, { type: 'loadCatalogs' });
    const catalogs =
      route.at === 'catalog' ? [route.id] : route.at === 'connect' && route.choice.catalogId !== undefined ? [route.choice.catalogId] : [];
    const compared = route.at === 'compare' ? state.compared.map(({ catalogId }) => catalogId) : [];
    for (const id of new Set([...catalogs, ...compared])) {
      needs(`catalog:${id}`, state.catalogDetails[id] !== undefined, { type: 'loadCatalog', id });
    }
    if (route.at === 'connect' && isProgram(route.choice.kind)) {
      needs('executables', state.executables !== undefined, { type: 'loadExecutables' });
    }
    // Programs are listed when the page opens and after each test.
    const programs = (state.providers ?? []).filter(({ kind }) => isProgram(kind));
    const tried = programs.map(({ id, lastTested }) => `${id} ${lastTested ?? ''}`).join();
    if (tried !== this.lookedAt) {
      this.lookedAt = tried;
      if (tried !== '') this.ask('executables', { type: 'loadExecutables' });
    }
    if (route.at === 'edit' || route.at === 'connect') needs('template', state.template !== undefined, { type: 'loadTemplate' });
    if (route.at === 'edit') {
      needs(`detail:${route.id}`, state.details[route.id] !== undefined, { type: 'show', id: route.id });
    }
    if (route.at === 'backups') needs('backups', state.backups !== undefined, { type: 'loadBackups' });
  }

  private pressed(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return;
    // Escape in a search field clears it first.
    if (event.target instanceof HTMLInputElement && event.target.type === 'search' && event.target.value !== '') return;
    const { at } = this.state.route;
    // Escape does not discard typed text.
    if (at === 'providers' || at === 'edit' || at === 'editCatalog') return;
    event.preventDefault();
    this.back();
  }
}

/** Returns the target of Back if the history was lost because the page was hidden. */
function parentOf(route: Route): Route {
  return route.at === 'catalog' || route.at === 'compare' || route.at === 'connect' || route.at === 'editCatalog' || route.at === 'backups'
    ? { at: 'choose' }
    : { at: 'providers' };
}

/** Returns a key that changes when another view is shown, but not while typing. */
function routeKey(route: Route): string {
  switch (route.at) {
    case 'edit':
    case 'catalog':
      return `${route.at} ${route.id}`;
    case 'connect':
      return `connect ${route.choice.kind} ${route.choice.catalogId ?? ''}`;
    case 'editCatalog':
      return `editCatalog ${route.previousId ?? ''}`;
    default:
      return route.at;
  }
}

function split(work: string): [string, string] {
  const at = work.indexOf(':');
  return at < 0 ? [work, ''] : [work.slice(0, at), work.slice(at + 1)];
}
