// An error message with one or two buttons, which depend on the kind of failure.
import * as l10n from '@vscode/l10n';
import type { ProviderSummary } from '../../../protocol/protocol.generated';
import { element, icon, textButton } from '../../shared/element';
import { visibleText } from '../../../common/visibleText';
import type { HelpAction } from '../../../common/messages/chat';
import type { ViewError } from '../../../common/messages/viewError';

/** Action of a button: a panel command, retry, continue, or the model picker. */
export type Remedy = { label: string; does: 'retry' | 'continue' | 'pick' | HelpAction };

/** The parts of a provider that select the buttons. */
export type FailedProvider = Pick<ProviderSummary, 'kind' | 'authType'>;

export interface Remedies {
  retry(): void;
  /** Undefined if there is no text to continue. */
  continueResponse: (() => void) | undefined;
  pick(): void;
  help(action: HelpAction): void;
}

const retry: Remedy = { label: l10n.t('Retry'), does: 'retry' };
const continueResponse: Remedy = { label: l10n.t('Continue'), does: 'continue' };
const chooseAnother: Remedy = { label: l10n.t('Switch Model…'), does: 'pick' };
const setKey: Remedy = { label: l10n.t('Set Key…'), does: 'setKey' };
const signIn: Remedy = { label: l10n.t('Sign In…'), does: 'signInClaude' };
const signInProvider: Remedy = { label: l10n.t('Sign In…'), does: 'signInProvider' };
const showLog: Remedy = { label: l10n.t('Show Log'), does: 'openLog' };

/** Returns the buttons for a kind of failure. @param provider Undefined if unknown. */
export function remediesFor(errorKind: string, provider: FailedProvider | undefined): Remedy[] {
  switch (errorKind) {
    case 'providerAuthFailed':
      // An external agent handles its own sign-in and explains it in its error.
      if (provider?.kind === 'acp') return [retry, chooseAnother];
      return [provider?.kind === 'claude-code' ? signIn : provider?.authType === 'oauth' ? signInProvider : setKey, retry];
    case 'keyNotBoundToOrigin':
      return [{ label: l10n.t('Allow This Address…'), does: 'allowKey' }, setKey, retry];
    case 'unreachable':
      return provider?.kind === 'ollama' ? [{ label: l10n.t('Start Ollama…'), does: 'startOllama' }, retry] : [retry, chooseAnother];
    case 'vaultLocked':
    case 'vaultOlder':
      return [{ label: l10n.t('Unlock Vault…'), does: 'unlockVault' }, retry];
    case 'providerDisabled':
      return [{ label: l10n.t('Enable'), does: 'enableProvider' }, chooseAnother, retry];
    case 'notFound':
    case 'modelNotFound':
    case 'missingField':
      return [chooseAnother, retry];
    case 'rateLimited':
    case 'overloaded':
    case 'conflict':
      return [retry];
    case 'timeout':
    case 'cutStream':
    case 'roundLimit':
      return [continueResponse, retry];
    case 'badResponse':
    case 'badRequest':
    case 'refused':
    case 'contextFull':
    case 'spendLimit':
      return [retry, chooseAnother];
    case 'budgetExceeded':
      return [{ label: l10n.t('Change Budget…'), does: 'openSettings' }, chooseAnother, retry];
    case 'providerExecutableFailed':
      return provider?.kind === 'claude-code' ? [signIn, retry] : [retry, showLog];
    case 'permissionDenied':
      return provider?.kind === 'github-copilot' || provider?.kind === 'vscode'
        ? [chooseAnother, retry]
        : [{ label: l10n.t('Manage Providers'), does: 'manageProviders' }, retry];
    case 'untrusted':
      return [{ label: l10n.t('Manage Trust'), does: 'manageTrust' }];
    default:
      return [retry, showLog];
  }
}

/** @param canRetry False if the message was returned to the composer. */
export function failureLine(error: ViewError, provider: FailedProvider | undefined, remedies: Remedies, canRetry = true): HTMLElement {
  const buttons = remediesFor(error.kind, provider)
    .filter((remedy) => (canRetry || remedy.does !== 'retry') && (remedies.continueResponse !== undefined || remedy.does !== 'continue'))
    .map((remedy, index) => textButton(remedy.label, () => apply(remedy, remedies), index === 0 ? 'primary' : 'secondary'));
  return element(
    'div',
    { class: 'failure' },
    element('div', { class: 'failure-text' }, icon('error'), element('span', {}, visibleText(error.message))),
    buttons.length === 0 ? undefined : element('div', { class: 'buttons' }, ...buttons),
  );
}

function apply(remedy: Remedy, remedies: Remedies): void {
  if (remedy.does === 'retry') remedies.retry();
  else if (remedy.does === 'continue') remedies.continueResponse?.();
  else if (remedy.does === 'pick') remedies.pick();
  else remedies.help(remedy.does);
}
