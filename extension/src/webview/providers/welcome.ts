// Start view without configured providers: detected providers, the catalog, and the tour.
import * as l10n from '@vscode/l10n';
import type { ProviderSummary } from '../../protocol/protocol.generated';
import { element, icon, textButton, type Child } from '../shared/element';
import { visibleText } from '../../common/visibleText';
import { actionButton, failureOf, type Actions } from './actions';
import { firstProviders } from './catalogBrowser';
import { isBusy, type State } from './pageState';
import { aboutText, statusOf } from './words';

export function welcome(state: State, actions: Actions, now: Date): Child[] {
  const found = (state.providers ?? []).filter(({ source }) => source === 'environment' || source === 'found');
  const browse = textButton(l10n.t('More Providers…'), () => actions.go({ at: 'choose' }));
  browse.dataset['key'] = 'browse';
  return [
    element('h2', { tabindex: '-1', 'data-fallback': true }, l10n.t('No models connected yet')),
    found.length === 0
      ? element('p', {}, l10n.t('No Claude Code, Ollama, or API key was found on this machine.'))
      : element('p', {}, l10n.t('Found on this machine. Select one to use it for new chats.')),
    ...(found.length === 0
      ? []
      : [
          element(
            'ul',
            { class: 'plain-list found-list', 'aria-label': l10n.t('Found on this machine') },
            ...found.map((provider) => row(state, actions, provider, now)),
          ),
        ]),
    element('h3', {}, l10n.t('Connect a model')),
    firstProviders(state, actions),
    element(
      'div',
      { class: 'buttons' },
      browse,
      actionButton(state, actions, { label: l10n.t('Take the Tour'), work: 'tour', action: { type: 'takeTour' } }),
      actionButton(state, actions, {
        label: l10n.t('Detect Again'),
        name: l10n.t('Detect providers on this machine again'),
        busyLabel: l10n.t('Searching…'),
        work: 'discover',
        action: { type: 'discover' },
        look: 'quiet',
      }),
    ),
    failureOf(state, actions, 'discover'),
    failureOf(state, actions, 'tour'),
  ];
}

function row(state: State, actions: Actions, provider: ProviderSummary, now: Date): HTMLElement {
  const { id } = provider;
  const work = `use:${id}`;
  const status = statusOf(provider, now, isBusy(state, work));
  return element(
    'li',
    { class: 'found-row' },
    element('span', { class: `status-icon ${status.look}` }, icon(status.icon)),
    element(
      'span',
      { class: 'provider-text' },
      element('span', { class: 'provider-title' }, visibleText(provider.name)),
      element('span', { class: 'quiet line' }, visibleText(aboutText(provider, state.kinds))),
      element('span', { class: 'line' }, visibleText(status.words)),
      failureOf(state, actions, work, provider),
    ),
    provider.kind === 'acp'
      ? connectAgent(actions, provider)
      : actionButton(state, actions, {
          label: l10n.t('Use'),
          name: l10n.t('Use {0}', provider.name),
          busyLabel: l10n.t('Testing…'),
          work,
          action: { type: 'use', id },
          look: 'primary',
        }),
  );
}

/** Its program must be approved first. */
function connectAgent(actions: Actions, { id, name }: ProviderSummary): HTMLElement {
  const button = textButton(l10n.t('Connect'), () => actions.go({ at: 'connect', choice: { kind: 'acp', name } }), 'primary');
  button.setAttribute('aria-label', l10n.t('Connect {0}', name));
  button.dataset['key'] = `connect:${id}`;
  return button;
}
