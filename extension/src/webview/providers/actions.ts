// Actions for the parts of the Providers page.
import * as l10n from '@vscode/l10n';
import type { ExecutableView, ProviderSummary } from '../../protocol/protocol.generated';
import { element, icon, textButton } from '../shared/element';
import { isProgram } from '../../common/providerCards';
import { visibleText } from '../../common/visibleText';
import type { ProvidersAction } from '../../common/messages/providers';
import type { ViewError } from '../../common/messages/viewError';
import { isBusy, type Route, type State } from './pageState';

export interface Actions {
  /** Sends a request to the host. `work` identifies the operation. */
  ask(work: string, action: ProvidersAction): void;
  go(route: Route): void;
  /** Returns to the previous route. */
  back(): void;
  change(change: Partial<State>): void;
  /** Stores typed values without rendering. */
  keep(route: Route): void;
}

/** A view for one route. */
export interface View {
  readonly node: HTMLElement;
  show(state: State): void;
  /** Initial focus of a new route. */
  focus(): void;
}

/** True if the sidecar is running, so that buttons are enabled. */
export function isUp(state: State): boolean {
  return state.sidecar.state === 'running';
}

export interface ActionButton {
  label: string;
  /** Label for screen readers, if the visible text is not specific enough. */
  name?: string;
  work: string;
  action: ProvidersAction;
  /** Label while the operation is running. */
  busyLabel?: string;
  look?: 'primary' | 'secondary' | 'quiet';
}

/** Creates a button that sends a request. It is disabled while the request runs or the host does not respond. */
export function actionButton(
  state: State,
  actions: Actions,
  { label, name, work, action, busyLabel, look }: ActionButton,
): HTMLButtonElement {
  const busy = isBusy(state, work);
  const button = textButton(
    busy ? (busyLabel ?? label) : label,
    () => {
      if (button.getAttribute('aria-disabled') !== 'true') actions.ask(work, action);
    },
    look,
  );
  if (name !== undefined) button.setAttribute('aria-label', visibleText(busy ? (busyLabel ?? name) : name));
  if (busy || !isUp(state)) button.setAttribute('aria-disabled', 'true');
  button.dataset['key'] = `${action.type}:${work}`;
  return button;
}

/** Creates an error message with a button. */
export function failureLine(state: State, actions: Actions, error: ViewError, provider?: ProviderSummary): HTMLElement {
  const button = remedy(state, actions, error, provider);
  return element(
    'div',
    { class: 'failure', role: 'group', 'aria-label': l10n.t('Error details') },
    element('div', { class: 'failure-text' }, icon('error'), element('span', {}, visibleText(error.message))),
    button === undefined ? undefined : element('div', { class: 'buttons' }, button),
  );
}

function remedy(state: State, actions: Actions, error: ViewError, provider?: ProviderSummary): HTMLElement | undefined {
  const make = (label: string, action: ProvidersAction): HTMLElement =>
    actionButton(state, actions, { label, work: `help:${action.type}`, action });
  switch (error.kind) {
    case 'providerAuthFailed':
    case 'keyNotBoundToOrigin':
      if (provider?.kind === 'claude-code') return make(l10n.t('Check Sign-in'), { type: 'checkClaudeCode' });
      if (provider?.authType === 'oauth') return make(l10n.t('Sign In…'), { type: 'signIn', id: provider.id });
      return provider?.takesKey === true ? make(l10n.t('Set Key…'), { type: 'setKey', id: provider.id }) : undefined;
    case 'permissionDenied':
      return provider !== undefined && isProgram(provider.kind) ? approval(state, actions, provider) : undefined;
    case 'vaultLocked':
    case 'vaultOlder':
      return make(l10n.t('Unlock Vault…'), { type: 'unlockVault' });
    case 'providerExecutableFailed':
      return provider?.kind === 'claude-code'
        ? make(l10n.t('Check Sign-in'), { type: 'checkClaudeCode' })
        : make(l10n.t('Show Log'), { type: 'showLog' });
    case 'internal':
      return make(l10n.t('Show Log'), { type: 'showLog' });
    default:
      return undefined;
  }
}

/** Shows the rejected program with a button to approve it. */
export function approval(state: State, actions: Actions, provider: ProviderSummary): HTMLElement | undefined {
  const program = programOf(state, provider);
  if (program === undefined) return undefined;
  if (program.approved) return element('span', { class: 'quiet' }, l10n.t('Approved. Test the provider to use it again.'));
  return element(
    'span',
    {},
    element('span', { class: 'mono line quiet' }, `SHA-256 ${visibleText(program.sha256)}`),
    actionButton(state, actions, {
      label: l10n.t('Approve Program'),
      name: l10n.t('Approve Program: {0}', program.agent ?? program.name),
      work: 'approve',
      action: { type: 'approve', path: program.path, sha256: program.sha256 },
    }),
  );
}

/** Returns the program of a provider. A detected agent has no file that names it. */
export function programOf({ details, executables }: State, { id, name, kind, source }: ProviderSummary): ExecutableView | undefined {
  const command = details[id]?.configuration['command'];
  return executables?.find(({ path, agent }) => (kind === 'acp' && source === 'found' ? agent === name : path === command));
}

/** Shows the error of an operation, if any. */
export function failureOf(state: State, actions: Actions, work: string, provider?: ProviderSummary): HTMLElement | undefined {
  const error = state.failures[work];
  if (error === undefined) return undefined;
  const line = failureLine(state, actions, error, provider);
  const action = state.asked[work];
  if (action !== undefined && isLoading(action)) line.append(actionButton(state, actions, { label: l10n.t('Try Again'), work, action }));
  return line;
}

/** True for requests that only read, which can be repeated safely. */
function isLoading({ type }: ProvidersAction): boolean {
  return type.startsWith('load') || type === 'show' || type === 'listModels' || type === 'discover' || type === 'refreshCatalog';
}

export function loadingLine(words: string): HTMLElement {
  return element('p', { class: 'loading', role: 'status' }, icon('loading codicon-modifier-spin'), ` ${words}`);
}

/** Creates the heading of a route, with a Back button. */
export function routeHead(title: string, actions: Actions): HTMLElement {
  const back = element(
    'button',
    { type: 'button', class: 'icon-button', title: l10n.t('Back'), 'aria-label': l10n.t('Back'), 'data-key': 'back' },
    icon('arrow-left'),
  );
  back.addEventListener('click', () => actions.back());
  return element(
    'div',
    { class: 'route-head' },
    back,
    element('h2', { tabindex: '-1', 'data-fallback': true, 'data-key': 'heading' }, visibleText(title)),
  );
}

export function focusHeading(node: HTMLElement): void {
  const heading = node.querySelector('h2');
  if (heading instanceof HTMLElement) heading.focus({ preventScroll: true });
}
