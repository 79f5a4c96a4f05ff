import * as l10n from '../../infrastructure/localizedText';
import type { ProviderSource, ProviderStatus, ProviderSummary } from '../../protocol/protocol.generated';

const words = {
  untested: l10n.t('Not tested'),
  testing: l10n.t('Testing…'),
  connected: l10n.t('Connected'),
  error: l10n.t('Not working'),
  disabled: l10n.t('Disabled'),
} as const satisfies Record<ProviderStatus, string>;

const sources = {
  file: '',
  environment: l10n.t('key from the environment'),
  found: l10n.t('found on this machine'),
  tour: l10n.t('recorded responses, no key or network needed'),
} as const satisfies Record<ProviderSource, string>;

const icons = {
  untested: 'circle-outline',
  testing: 'loading~spin',
  connected: 'pass',
  error: 'error',
  disabled: 'circle-slash',
} as const satisfies Record<ProviderStatus, string>;

/** Returns the status of a provider, as "Connected, default, key from the environment". */
export function statusText(provider: ProviderSummary): string {
  const key = provider.takesKey && !provider.hasCredential ? l10n.t('no key') : '';
  // The tour is a recording, so there is nothing to test.
  const status = provider.source === 'tour' && provider.status !== 'disabled' ? '' : words[provider.status];
  const said = [status, provider.isDefault ? l10n.t('default') : '', key, sources[provider.source]]
    .filter((part) => part !== '')
    .join(', ');
  return said.charAt(0).toUpperCase() + said.slice(1);
}

export function statusIcon(provider: ProviderSummary): string {
  return provider.source === 'tour' && provider.status !== 'disabled' ? 'device-camera-video' : icons[provider.status];
}

/** Returns endpoint and model, or the error. */
export function statusDetail(provider: ProviderSummary): string {
  if (provider.error !== undefined) return provider.error.message;
  return [provider.endpoint, provider.model].filter((part) => part !== undefined && part !== '').join('  ');
}
