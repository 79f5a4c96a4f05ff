import type { ProviderSource, ProviderStatus, ProviderSummary } from '../../protocol/protocol.generated';

const words = {
  untested: 'Not tested yet',
  testing: 'Testing…',
  connected: 'Connected',
  error: 'Not working',
  disabled: 'Off',
} as const satisfies Record<ProviderStatus, string>;

const sources = {
  file: '',
  environment: 'key from the environment',
  found: 'found on this machine',
  tour: 'a recording, no key and no network',
} as const satisfies Record<ProviderSource, string>;

const icons = {
  untested: 'circle-outline',
  testing: 'loading~spin',
  connected: 'pass',
  error: 'error',
  disabled: 'circle-slash',
} as const satisfies Record<ProviderStatus, string>;

/** A provider's state in words: "Connected, default, key from the environment". */
export function statusWords(provider: ProviderSummary): string {
  const key = provider.takesKey && !provider.hasCredential ? 'no key yet' : '';
  // A recording always works: nothing is there to be tested.
  const status = provider.source === 'tour' && provider.status !== 'disabled' ? '' : words[provider.status];
  const said = [status, provider.isDefault ? 'default' : '', key, sources[provider.source]].filter((part) => part !== '').join(', ');
  return said.charAt(0).toUpperCase() + said.slice(1);
}

export function statusIcon(provider: ProviderSummary): string {
  return provider.source === 'tour' && provider.status !== 'disabled' ? 'device-camera-video' : icons[provider.status];
}

/** Where it is and which model, or why it does not work. */
export function statusDetail(provider: ProviderSummary): string {
  if (provider.error !== undefined) return provider.error.message;
  return [provider.endpoint, provider.model].filter((part) => part !== undefined && part !== '').join('  ');
}
