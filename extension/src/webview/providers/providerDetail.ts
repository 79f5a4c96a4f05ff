// Everything about the selected provider.
import type { ProviderDetail, ProviderErrorView, ProviderSummary, VaultEntrySummary } from '../../protocol/protocol.generated';
import { element, icon, textButton, type Child } from '../shared/element';
import { menuButton } from '../shared/menu';
import { visibleText } from '../shared/visibleText';
import { approval, deedButton, failureLine, failureOf, loadingLine, type Actions } from './actions';
import { isBusy, type State } from './pageState';
import { badges, canBeTested, canMoveKey, providerMenu } from './providerRows';
import { aboutWords, ago, keyVariable, plural, statusOf } from './words';

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
      element('p', { class: 'quiet' }, visibleText(aboutWords(provider, state.kinds))),
      provider.description === undefined ? undefined : element('p', {}, visibleText(provider.description)),
      element(
        'p',
        { class: 'detail-status' },
        element('span', { class: `status-icon ${status.look}` }, icon(status.icon)),
        // The sentence of an error stands below, with what helps.
        element(
          'span',
          {},
          visibleText(provider.error !== undefined && status.icon === 'error' && fault === undefined ? 'Not working' : status.words),
        ),
      ),
    ),
    provider.error === undefined || fault !== undefined || status.icon.startsWith('loading')
      ? undefined
      : failureLine(state, actions, provider.error, provider),
    ...works.map((work) => failureOf(state, actions, `${work}:${id}`, provider)),
    changedProgram(state, actions, provider, detail),
    buttons(state, actions, provider),
    fault === undefined ? undefined : faultLines(state, actions, provider),
    fault === undefined ? facts(provider, detail, now) : undefined,
    ...(detail === undefined
      ? [isBusy(state, `detail:${id}`) ? loadingLine('Loading…') : undefined]
      : [errors(detail.errors, provider.error?.message, now), uses(state, actions, detail)]),
  ];
}

/** Nobody has tried it since, so no error stands above. */
function changedProgram(
  state: State,
  actions: Actions,
  provider: ProviderSummary,
  detail: ProviderDetail | undefined,
): HTMLElement | undefined {
  const program = state.executables?.find(({ path }) => path === detail?.configuration['command']);
  if (provider.kind !== 'external' || program === undefined || program.approved || provider.error?.kind === 'permissionDenied')
    return undefined;
  return element(
    'div',
    { class: 'notice' },
    element(
      'p',
      {},
      program.changedSinceApproval
        ? 'Its program has changed since you approved it, so it is not started.'
        : 'Its program is not approved yet.',
    ),
    approval(state, actions, provider),
  );
}

function buttons(state: State, actions: Actions, provider: ProviderSummary): HTMLElement {
  const { id, fault, source } = provider;
  const edit = textButton('Edit', () => actions.go({ at: 'edit', id }));
  edit.dataset['key'] = `edit:${id}`;
  return element(
    'div',
    { class: 'buttons' },
    canBeTested(provider)
      ? deedButton(state, actions, {
          label: 'Test',
          busyLabel: 'Testing…',
          work: `test:${id}`,
          deed: { type: 'test', id },
          look: 'primary',
        })
      : undefined,
    !provider.enabled && fault === undefined
      ? deedButton(state, actions, {
          label: 'Switch on',
          busyLabel: 'Switching on…',
          work: `switch:${id}`,
          deed: { type: 'setEnabled', id, enabled: true },
          look: 'primary',
        })
      : undefined,
    source === 'file' && fault === undefined ? edit : undefined,
    provider.takesKey && fault === undefined && provider.authType !== 'oauth'
      ? deedButton(state, actions, { label: 'Set key…', work: `key:${id}`, deed: { type: 'setKey', id } })
      : undefined,
    provider.authType === 'oauth' && fault === undefined
      ? deedButton(state, actions, { label: 'Sign in…', work: `signIn:${id}`, deed: { type: 'signIn', id } })
      : undefined,
    canMoveKey(provider)
      ? deedButton(state, actions, {
          label: 'Move key to vault',
          work: `moveKey:${id}`,
          deed: { type: 'moveKey', id },
          look: fault === undefined ? 'secondary' : 'primary',
        })
      : undefined,
    menuButton({
      label: `More for ${visibleText(provider.name)}`,
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
        ? 'A key stands in its file, so nothing asks it. Moved into the vault, it works again. The other providers work.'
        : 'Its file cannot be read, so nothing asks it. The other providers work.',
    ),
    element('p', { class: 'mono' }, visibleText(`${fault.path}:${fault.line}:${fault.column}`)),
    element(
      'div',
      { class: 'buttons' },
      deedButton(state, actions, {
        label: 'Open file',
        work: `file:${id}`,
        deed: { type: 'openFile', id },
        look: fault.holdsSecret ? 'secondary' : 'primary',
      }),
    ),
  );
}

function facts(provider: ProviderSummary, detail: ProviderDetail | undefined, now: Date): HTMLElement {
  const limits = detail === undefined ? [] : limitsOf(detail.configuration);
  const command = detail?.configuration['command'];
  const rows: [string, string | undefined][] = [
    provider.kind === 'external'
      ? ['Program', typeof command === 'string' ? command : undefined]
      : ['Endpoint', provider.endpoint ?? provider.origin],
    ['Key', provider.takesKey || provider.authType === 'oauth' ? keyWords(provider, detail?.key, now) : undefined],
    ['Model', provider.model ?? (provider.source === 'tour' ? undefined : 'chosen by the chat')],
    ['Limits', limits.length === 0 ? undefined : limits.join(' · ')],
    ['File', provider.file ?? (provider.source === 'file' ? undefined : 'none: it is not written down until you change it')],
  ];
  return element(
    'dl',
    { class: 'facts' },
    ...rows.flatMap(([name, words]) => (words === undefined ? [] : [element('dt', {}, name), element('dd', {}, visibleText(words))])),
  );
}

export function keyWords(provider: ProviderSummary, key: VaultEntrySummary | undefined, now: Date): string {
  const variable = keyVariable(provider);
  if (variable !== undefined) return `from the environment: ${variable}`;
  if (key !== undefined) {
    const used = key.lastUsed === undefined ? 'not used yet' : `last used ${ago(key.lastUsed, now)}`;
    return `${key.reference}, ends in ${key.lastFour}, sent to ${key.origins.join(', ')} only, ${used}`;
  }
  if (provider.authType === 'oauth') return provider.hasCredential ? 'signed in' : 'not signed in';
  if (!provider.hasCredential) return 'none yet';
  return provider.keyReference ?? 'set';
}

const limitNames: [string, string][] = [
  ['max_tokens', 'at most %s tokens an answer'],
  ['temperature', 'temperature %s'],
  ['reasoning_level', 'reasoning %s'],
  ['timeout_ms', 'waits %s ms'],
  ['retry_policy', 'retries: %s'],
  ['max_turns', 'at most %s rounds'],
];

/** Only what the file says: nothing else is sent. */
export function limitsOf(configuration: Readonly<Record<string, unknown>>): string[] {
  return limitNames.flatMap(([name, words]) => {
    const value = configuration[name];
    return typeof value === 'string' || typeof value === 'number' ? [words.replace('%s', String(value))] : [];
  });
}

/** Those before the one that stands above. */
function errors(all: readonly ProviderErrorView[], shown: string | undefined, now: Date): HTMLElement | undefined {
  const earlier = all.filter(({ error }, at) => at > 0 || error.message !== shown);
  if (earlier.length === 0) return undefined;
  return element(
    'section',
    { 'aria-label': 'Last errors' },
    element('h3', {}, 'Last errors'),
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
      const link = deedButton(state, actions, {
        label: title === '' ? 'New chat' : visibleText(title),
        work: `chat:${uri}`,
        deed: { type: 'openChat', uri },
        look: 'quiet',
      });
      return element('li', {}, link);
    });
    const rest = chatCount - chats.length;
    lines.push(
      element('p', {}, plural(chatCount, 'chat')),
      element('ul', { class: 'plain-list' }, ...links, rest > 0 ? element('li', { class: 'quiet' }, `and ${rest} more`) : undefined),
    );
  }
  if (templates.length > 0) lines.push(element('p', {}, visibleText(`Templates: ${templates.join(', ')}`)));
  if (settings.length > 0) lines.push(element('p', {}, visibleText(`Settings: ${settings.join(', ')}`)));
  if (lines.length === 0) lines.push(element('p', { class: 'quiet' }, 'Nothing uses it yet.'));
  return element('section', { 'aria-label': `What uses ${visibleText(summary.name)}` }, element('h3', {}, 'Used by'), ...lines);
}
