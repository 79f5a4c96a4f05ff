// Details of the selected provider.
import * as l10n from '@vscode/l10n';
import type { ProviderDetail, ProviderErrorView, ProviderSummary, VaultEntrySummary } from '../../protocol/protocol.generated';
import { formatChatCount } from '../../common/counts';
import { element, icon, textButton, type Child } from '../shared/element';
import { menuButton } from '../shared/menu';
import { isProgram } from '../../common/providerCards';
import { displayTitle } from '../../common/title';
import { visibleText } from '../../common/visibleText';
import { approval, actionButton, failureLine, failureOf, loadingLine, programOf, type Actions } from './actions';
import { isBusy, type State } from './pageState';
import { badges, canBeTested, canMoveKey, providerMenu } from './providerRows';
import { aboutText, ago, keyVariable, statusOf } from './words';

export function providerHead(state: State, actions: Actions, provider: ProviderSummary, now: Date): Child[] {
  const { id, fault } = provider;
  const detail = state.details[id];
  const status = statusOf(provider, now, isBusy(state, `test:${id}`));
  const works = ['test', 'switch', 'default', 'defaultSmall', 'key', 'signIn', 'signOut', 'moveKey', 'file', 'delete', 'detail'];
  return [
    element(
      'div',
      { class: 'detail-head' },
      element('h2', { id: 'detail-name', tabindex: '-1', 'data-fallback': true }, visibleText(provider.name), ' ', ...badges(provider)),
      element('p', { class: 'quiet' }, visibleText(aboutText(provider, state.kinds))),
      provider.description === undefined ? undefined : element('p', {}, visibleText(provider.description)),
      element(
        'p',
        { class: 'detail-status' },
        element('span', { class: `status-icon ${status.look}` }, icon(status.icon)),
        // The error message is shown below, with a button.
        element(
          'span',
          {},
          visibleText(
            provider.error !== undefined && status.icon === 'error' && fault === undefined ? l10n.t('Not working') : status.words,
          ),
        ),
      ),
    ),
    provider.error === undefined || fault !== undefined || status.icon.startsWith('loading')
      ? undefined
      : failureLine(state, actions, provider.error, provider),
    ...works.map((work) => failureOf(state, actions, `${work}:${id}`, provider)),
    changedProgram(state, actions, provider),
    buttons(state, actions, provider),
    fault === undefined ? undefined : faultLines(state, actions, provider),
    fault === undefined ? facts(provider, detail, now) : undefined,
    ...(detail === undefined
      ? [isBusy(state, `detail:${id}`) ? loadingLine(l10n.t('Loading…')) : undefined]
      : [errors(detail.errors, provider.error?.message, now), uses(state, actions, detail)]),
  ];
}

/** A changed program was not tested again, so the status shows no error. */
function changedProgram(state: State, actions: Actions, provider: ProviderSummary): HTMLElement | undefined {
  const program = programOf(state, provider);
  if (!isProgram(provider.kind) || program === undefined || program.approved || provider.error?.kind === 'permissionDenied')
    return undefined;
  return element(
    'div',
    { class: 'notice' },
    element(
      'p',
      {},
      program.changedSinceApproval
        ? l10n.t('The program changed since you approved it, so it is not started.')
        : l10n.t('The program is not approved.'),
    ),
    approval(state, actions, provider),
  );
}

function buttons(state: State, actions: Actions, provider: ProviderSummary): HTMLElement {
  const { id, fault, source } = provider;
  const edit = textButton(l10n.t('Edit'), () => actions.go({ at: 'edit', id }));
  edit.dataset['key'] = `edit:${id}`;
  return element(
    'div',
    { class: 'buttons' },
    canBeTested(provider)
      ? actionButton(state, actions, {
          label: l10n.t('Test'),
          busyLabel: l10n.t('Testing…'),
          work: `test:${id}`,
          action: { type: 'test', id },
          look: 'primary',
        })
      : undefined,
    !provider.enabled && fault === undefined
      ? actionButton(state, actions, {
          label: l10n.t('Enable'),
          busyLabel: l10n.t('Enabling…'),
          work: `switch:${id}`,
          action: { type: 'setEnabled', id, enabled: true },
          look: 'primary',
        })
      : undefined,
    source === 'file' && fault === undefined ? edit : undefined,
    provider.takesKey && fault === undefined && provider.authType !== 'oauth'
      ? actionButton(state, actions, { label: l10n.t('Set Key…'), work: `key:${id}`, action: { type: 'setKey', id } })
      : undefined,
    provider.authType === 'oauth' && fault === undefined
      ? actionButton(state, actions, { label: l10n.t('Sign In…'), work: `signIn:${id}`, action: { type: 'signIn', id } })
      : undefined,
    canMoveKey(provider)
      ? actionButton(state, actions, {
          label: l10n.t('Move Key to Vault'),
          work: `moveKey:${id}`,
          action: { type: 'moveKey', id },
          look: fault === undefined ? 'secondary' : 'primary',
        })
      : undefined,
    menuButton({
      label: l10n.t('More for {0}', visibleText(provider.name)),
      key: `detail-menu:${id}`,
      items: () => providerMenu(state, actions, provider),
    }),
  );
}

function faultLines(state: State, actions: Actions, { id, fault }: ProviderSummary): HTMLElement | undefined {
  if (fault === undefined) return undefined;
  return element(
    'div',
    { class: 'notice' },
    element(
      'p',
      {},
      fault.holdsSecret
        ? l10n.t(
            'The provider’s file contains a key, so the provider is not used. Move the key to the vault to use it again. Other providers are not affected.',
          )
        : l10n.t('The provider’s file can’t be read, so the provider is not used. Other providers are not affected.'),
    ),
    element('p', { class: 'mono' }, visibleText(`${fault.path}:${fault.line}:${fault.column}`)),
    element(
      'div',
      { class: 'buttons' },
      actionButton(state, actions, {
        label: l10n.t('Open File'),
        work: `file:${id}`,
        action: { type: 'openFile', id },
        look: fault.holdsSecret ? 'secondary' : 'primary',
      }),
    ),
  );
}

function facts(provider: ProviderSummary, detail: ProviderDetail | undefined, now: Date): HTMLElement {
  const limits = detail === undefined ? [] : limitsOf(detail.configuration);
  const command = detail?.configuration['command'];
  const rows: [string, string | undefined][] = [
    isProgram(provider.kind)
      ? [l10n.t('Program'), typeof command === 'string' ? command : undefined]
      : [l10n.t('Endpoint'), provider.endpoint ?? provider.origin],
    [l10n.t('Key'), provider.takesKey || provider.authType === 'oauth' ? keyText(provider, detail?.key, now) : undefined],
    [l10n.t('Model'), provider.model ?? (provider.source === 'tour' ? undefined : l10n.t('selected per chat'))],
    [l10n.t('Limits'), limits.length === 0 ? undefined : limits.join(' · ')],
    [l10n.t('File'), provider.file ?? (provider.source === 'file' ? undefined : l10n.t('None. Created when you change a setting.'))],
  ];
  return element(
    'dl',
    { class: 'facts' },
    ...rows.flatMap(([name, words]) => (words === undefined ? [] : [element('dt', {}, name), element('dd', {}, visibleText(words))])),
  );
}

export function keyText(provider: ProviderSummary, key: VaultEntrySummary | undefined, now: Date): string {
  const variable = keyVariable(provider);
  if (variable !== undefined) return l10n.t('from the environment: {0}', variable);
  if (key !== undefined) {
    const { reference, lastFour, origins, lastUsed } = key;
    return [
      reference,
      ...(lastFour === '' ? [] : [l10n.t('ends in {0}', lastFour)]),
      l10n.t('sent only to {0}', origins.join(', ')),
      lastUsed === undefined ? l10n.t('not used yet') : l10n.t('last used {0}', ago(lastUsed, now)),
    ].join(', ');
  }
  if (provider.authType === 'oauth') return provider.hasCredential ? l10n.t('signed in') : l10n.t('not signed in');
  if (!provider.hasCredential) return l10n.t('none yet');
  return provider.keyReference ?? l10n.t('set');
}

const limitNames: [string, (value: string | number) => string][] = [
  ['max_tokens', (value) => l10n.t('max {0} output tokens', value)],
  ['temperature', (value) => l10n.t('temperature {0}', value)],
  ['reasoning_level', (value) => l10n.t('reasoning {0}', value)],
  ['timeout_ms', (value) => l10n.t('{0} ms delay', value)],
  ['retry_policy', (value) => l10n.t('retries: {0}', value)],
  ['max_turns', (value) => l10n.t('max {0} rounds', value)],
];

/** Returns the limits in the file; defaults are not listed. */
export function limitsOf(configuration: Readonly<Record<string, unknown>>): string[] {
  return limitNames.flatMap(([name, words]) => {
    const value = configuration[name];
    return typeof value === 'string' || typeof value === 'number' ? [words(value)] : [];
  });
}

/** Shows errors other than the current one. */
function errors(all: readonly ProviderErrorView[], shown: string | undefined, now: Date): HTMLElement | undefined {
  const earlier = all.filter(({ error }, at) => at > 0 || error.message !== shown);
  if (earlier.length === 0) return undefined;
  return element(
    'section',
    { 'aria-label': l10n.t('Last errors') },
    element('h3', {}, l10n.t('Last errors')),
    element(
      'ul',
      { class: 'plain-list' },
      ...earlier
        .slice(0, 5)
        .map(({ at, error }) => element('li', {}, element('span', { class: 'quiet' }, `${ago(at, now)}: `), visibleText(error.message))),
    ),
  );
}

function uses(state: State, actions: Actions, { uses, summary }: ProviderDetail): HTMLElement {
  const { chats, chatCount, templates, settings } = uses;
  const lines: Child[] = [];
  if (chatCount > 0) {
    const links = chats.map(({ uri, title }) => {
      const link = actionButton(state, actions, {
        label: displayTitle(title),
        work: `chat:${uri}`,
        action: { type: 'openChat', uri },
        look: 'quiet',
      });
      return element('li', {}, link);
    });
    const rest = chatCount - chats.length;
    lines.push(
      element('p', {}, formatChatCount(chatCount)),
      element(
        'ul',
        { class: 'plain-list' },
        ...links,
        rest > 0 ? element('li', { class: 'quiet' }, l10n.t('and {0} more', rest)) : undefined,
      ),
    );
  }
  if (templates.length > 0) lines.push(element('p', {}, visibleText(l10n.t('Templates: {0}', templates.join(', ')))));
  if (settings.length > 0) lines.push(element('p', {}, visibleText(l10n.t('Settings: {0}', settings.join(', ')))));
  if (lines.length === 0) lines.push(element('p', { class: 'quiet' }, l10n.t('Not used yet.')));
  return element(
    'section',
    { 'aria-label': l10n.t('Uses of {0}', visibleText(summary.name)) },
    element('h3', {}, l10n.t('Used by')),
    ...lines,
  );
}
