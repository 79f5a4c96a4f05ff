// Stores a new provider together with its key. A canceled key prompt stores nothing.
import * as v from 'valibot';
import * as l10n from '../../infrastructure/localizedText';
import { FailureError } from '../../infrastructure/errors';
import { providerConfigure, providerDelete, vaultStore } from '../../protocol/protocol.generated';
import type { ProviderSummary } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { askForKey, keyReferenceOf } from './commands';
import type { VaultAccess } from './vaultAccess';

const text = v.pipe(v.string(), v.maxLength(8000));

/** The argument of the command, which other features of Plue use. */
const draft = v.strictObject({
  name: text,
  kind: text,
  endpoint: v.optional(text),
  catalogProvider: v.optional(text),
  model: v.optional(text),
  fields: v.optional(v.record(v.string(), v.unknown())),
  /** The origin of requests with the key, as shown to the user. */
  origin: text,
  isKeyOptional: v.optional(v.boolean()),
});

/** Asks for the key, unlocks the vault, and stores both. Throws UserCancelledError or FailureError and stores nothing then. */
export async function addProviderWithKey(
  sidecar: Pick<Sidecar, 'request'>,
  providers: Pick<ProviderList, 'refresh'>,
  vault: Pick<VaultAccess, 'ensureUnlocked'>,
  given: unknown,
): Promise<ProviderSummary> {
  const { origin, isKeyOptional = false, fields = {}, ...provider } = v.parse(draft, given);
  const secret = await askForKey(provider.name, origin, isKeyOptional);
  if (secret === '') {
    return sidecar.request(providerConfigure, { ...provider, enabled: true, fields: { ...fields, auth_type: 'none' } });
  }
  await vault.ensureUnlocked();
  const stored = await sidecar.request(providerConfigure, { ...provider, enabled: true, fields });
  try {
    await storeKey(sidecar, stored, origin, secret);
  } catch (error) {
    await sidecar.request(providerDelete, { id: stored.id });
    throw error;
  } finally {
    await providers.refresh();
  }
  return stored;
}

/** The user agreed to send the key to this origin only. */
async function storeKey(sidecar: Pick<Sidecar, 'request'>, provider: ProviderSummary, origin: string, secret: string): Promise<void> {
  if (provider.origin !== origin) {
    throw new FailureError(
      'keyNotBoundToOrigin',
      l10n.t('{0} would send its key to {1} instead of {2}. The key was not stored.', provider.name, provider.origin ?? '', origin),
    );
  }
  await sidecar.request(vaultStore, { reference: keyReferenceOf(provider), secret, origins: [origin] });
}
