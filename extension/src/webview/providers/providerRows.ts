// The configured providers, one row each.
import * as l10n from '@vscode/l10n';
import type { ProviderSummary } from '../../protocol/protocol.generated';
import { element, icon, type Child } from '../shared/element';
import { menuButton, type MenuItem } from '../shared/menu';
import { moveByArrows } from '../shared/roving';
import { windowTexts } from '../../common/usageWindows';
import { visibleText } from '../../common/visibleText';
import { actionButton, isUp, type Actions } from './actions';
import { isBusy, type State } from './pageState';
import { aboutText, keyVariable, statusOf } from './words';

export function providerRows(state: State, actions: Actions, now: Date): Child[] {
  const providers = state.providers ?? [];
  const selected = providers.some(({ id }) => id === state.selected) ? state.selected : providers[0]?.id;
  const rows = providers.map((provider) => row(state, actions, provider, provider.id === selected, now));
  const list = element('ul', { class: 'provider-list plain-list', 'aria-label': l10n.t('Providers') }, ...rows);
  list.addEventListener('keydown', (event) => {
    moveByArrows(
      event,
      [...list.querySelectorAll('.provider-name')].filter((one) => one instanceof HTMLElement),
    );
  });
  return [list];
}

function row(state: State, actions: Actions, provider: ProviderSummary, isSelected: boolean, now: Date): HTMLElement {
  const { id } = provider;
  const name = visibleText(provider.name);
  const status = statusOf(provider, now, isBusy(state, `test:${id}`));
  const choose = element(
    'button',
    {
      type: 'button',
      class: 'provider-name',
      'aria-current': isSelected ? 'true' : undefined,
      tabindex: isSelected ? '0' : '-1',
      'data-key': `row:${id}`,
    },
    element('span', { class: `status-icon ${status.look}` }, icon(status.icon)),
    element(
      'span',
      { class: 'provider-text' },
      element('span', { class: 'provider-title' }, element('span', { class: 'provider-called' }, name), ...badges(provider)),
      element('span', { class: 'quiet line' }, visibleText(aboutText(provider, state.kinds))),
      element('span', { class: 'line status-text' }, visibleText(status.words)),
      ...windowTexts(provider, now).map((text) => element('span', { class: 'quiet line' }, visibleText(text))),
    ),
  );
  choose.addEventListener('click', () => actions.change({ selected: id }));
  const test = canBeTested(provider)
    ? actionButton(state, actions, {
        label: l10n.t('Test'),
        name: l10n.t('Test {0}', provider.name),
        work: `test:${id}`,
        action: { type: 'test', id },
      })
    : undefined;
  const menu = menuButton({
    label: l10n.t('More for {0}', name),
    key: `menu:${id}`,
    isTabStop: isSelected,
    items: () => providerMenu(state, actions, provider),
  });
  if (test !== undefined) test.tabIndex = isSelected ? 0 : -1;
  return element(
    'li',
    { class: isSelected ? 'provider-row selected' : 'provider-row', 'data-provider': id },
    choose,
    element('span', { class: 'provider-tools' }, test, toggle(state, actions, provider, isSelected), menu),
  );
}

export function badges({ isDefault, isDefaultSmall }: ProviderSummary): HTMLElement[] {
  return [
    ...(isDefault ? [element('span', { class: 'badge', title: l10n.t('Default for new chats') }, l10n.t('Default'))] : []),
    ...(isDefaultSmall ? [element('span', { class: 'badge', title: l10n.t('Used for titles and summaries') }, l10n.t('Small model'))] : []),
  ];
}

export function canBeTested({ enabled, fault, source }: ProviderSummary): boolean {
  return enabled && fault === undefined && source !== 'tour';
}

function toggle(state: State, actions: Actions, provider: ProviderSummary, isTabStop: boolean): HTMLElement | undefined {
  const { id, enabled, fault, source } = provider;
  if (fault !== undefined || source === 'tour') return undefined;
  const work = `switch:${id}`;
  const node = element(
    'button',
    {
      type: 'button',
      class: 'switch',
      role: 'switch',
      'aria-checked': String(enabled),
      'aria-label': l10n.t('{0} enabled', visibleText(provider.name)),
      'aria-busy': isBusy(state, work) ? 'true' : undefined,
      'aria-disabled': isBusy(state, work) || !isUp(state) ? 'true' : undefined,
      title: enabled ? l10n.t('Disable') : l10n.t('Enable'),
      tabindex: isTabStop ? '0' : '-1',
      'data-key': work,
    },
    element('span', { class: 'switch-knob' }),
  );
  node.addEventListener('click', () => {
    if (node.getAttribute('aria-disabled') !== 'true') actions.ask(work, { type: 'setEnabled', id, enabled: !enabled });
  });
  return node;
}

/** Returns the actions on a provider that have no button. */
export function providerMenu(state: State, actions: Actions, provider: ProviderSummary): MenuItem[] {
  const { id } = provider;
  const works = provider.enabled && provider.fault === undefined;
  const isFile = provider.source === 'file';
  const item = (
    label: string,
    work: string,
    type: 'makeDefault' | 'makeDefaultSmall' | 'setKey' | 'signIn' | 'signOut' | 'moveKey' | 'openFile' | 'delete',
  ): MenuItem => ({
    label,
    run: () => actions.ask(`${work}:${id}`, { type, id }),
  });
  const items: (MenuItem | false)[] = [
    works && !provider.isDefault && item(l10n.t('Make Default'), 'default', 'makeDefault'),
    works &&
      !provider.isDefaultSmall &&
      provider.source !== 'tour' &&
      item(l10n.t('Make Default Small Model'), 'defaultSmall', 'makeDefaultSmall'),
    works && isFile && { label: l10n.t('Edit…'), run: () => actions.go({ at: 'edit', id }) },
    provider.fault === undefined && provider.takesKey && provider.authType !== 'oauth' && item(l10n.t('Set Key…'), 'key', 'setKey'),
    provider.fault === undefined && provider.authType === 'oauth' && item(l10n.t('Sign In…'), 'signIn', 'signIn'),
    provider.authType === 'oauth' && provider.hasCredential && item(l10n.t('Sign Out'), 'signOut', 'signOut'),
    canMoveKey(provider) && item(l10n.t('Move Key to Vault'), 'moveKey', 'moveKey'),
    provider.kind === 'claude-code' && {
      label: l10n.t('Check Sign-in'),
      run: () => actions.ask('help:checkClaudeCode', { type: 'checkClaudeCode' }),
    },
    provider.file !== undefined && item(l10n.t('Open File'), 'file', 'openFile'),
    (isFile || provider.file !== undefined) && item(l10n.t('Delete…'), 'delete', 'delete'),
  ];
  const offered = items.filter((one) => one !== false);
  return offered.length > 0 && isUp(state)
    ? offered
    : [{ label: l10n.t('Show Log'), run: () => actions.ask('help:showLog', { type: 'showLog' }) }];
}

/** True for a key in the environment or, incorrectly, in the file. */
export function canMoveKey(provider: ProviderSummary): boolean {
  return keyVariable(provider) !== undefined || provider.fault?.holdsSecret === true;
}
