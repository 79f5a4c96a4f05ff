// The providers that Plue lists first. All others are found by search.
import * as v from 'valibot';

export const providerCards = ['claude-code', 'anthropic', 'openai', 'openrouter', 'ollama', 'openai-compatible'] as const;

/** A provider type; for a vendor also its ID in the catalog. */
export type ProviderCard = (typeof providerCards)[number];

export const providerCard = v.picklist(providerCards);

/** Returns the catalog of a card; undefined if only the program or server knows its models. */
export function catalogOf(card: ProviderCard): string | undefined {
  return card === 'anthropic' || card === 'openai' || card === 'openrouter' || card === 'ollama' ? card : undefined;
}

/** True for a provider type that runs a program the user must approve. */
export function isProgram(kind: string | undefined): boolean {
  return kind === 'external' || kind === 'acp';
}

/** True for an address on this machine or in a private network, which needs no key. */
export function isLocalAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { hostname } = new URL(address);
  if (hostname === 'localhost' || hostname === '[::1]' || !hostname.includes('.') || /\.(?:local|localhost|internal|lan)$/.test(hostname)) {
    return true;
  }
  return /^(?:127|10)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\./.test(hostname);
}
