// Providers, prices and abilities as a person reads them.
import type { AuthType, CatalogSummary, ModelView, ProviderKindView, ProviderSummary } from '../../protocol/protocol.generated';
import { count, money } from '../shared/figures';

export interface Status {
  icon: string;
  words: string;
  /** Colors the icon; the words say it too. */
  look: 'good' | 'bad' | 'plain';
}

export function statusOf(provider: ProviderSummary, now: Date, isTesting: boolean): Status {
  const { fault, restingUntil, error } = provider;
  if (fault !== undefined) {
    return { icon: 'error', words: `Error: ${fault.message} (line ${fault.line}, column ${fault.column})`, look: 'bad' };
  }
  if (isTesting || provider.status === 'testing') return { icon: 'loading codicon-modifier-spin', words: 'Testing…', look: 'plain' };
  if (!provider.enabled || provider.status === 'disabled') return { icon: 'circle-slash', words: 'Off', look: 'plain' };
  if (provider.source === 'tour') return { icon: 'device-camera-video', words: 'A recording: no key, no network', look: 'plain' };
  if (restingUntil !== undefined && new Date(restingUntil) > now) {
    return { icon: 'debug-pause', words: `Resting until ${clock(restingUntil)}`, look: 'bad' };
  }
  if (provider.status === 'error') return { icon: 'error', words: `Error: ${error?.message ?? 'it did not answer.'}`, look: 'bad' };
  if (provider.takesKey && !provider.hasCredential && provider.status === 'untested') {
    return { icon: 'circle-outline', words: 'Not tested yet, no key yet', look: 'plain' };
  }
  if (provider.status === 'untested') return { icon: 'circle-outline', words: 'Not tested yet', look: 'plain' };
  const tested = provider.lastTested === undefined ? '' : `, tested ${ago(provider.lastTested, now)}`;
  return { icon: 'pass', words: `Connected${tested}`, look: 'good' };
}

function clock(time: string): string {
  return new Date(time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

export function ago(time: string, now: Date): string {
  const minutes = Math.floor((now.getTime() - new Date(time).getTime()) / 60_000);
  if (!Number.isFinite(minutes)) return 'at an unknown time';
  if (minutes < 1) return 'just now';
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 60 / 24)} days ago`;
}

/** Vendor or kind, the models, and where its key stands. */
export function aboutWords(provider: ProviderSummary, kinds: readonly ProviderKindView[]): string {
  if (provider.source === 'tour') return 'Recorded chats';
  const about = [kindName(provider.kind, kinds)];
  if (provider.modelCount !== undefined) about.push(plural(provider.modelCount, 'model'));
  if (keyVariable(provider) !== undefined) about.push(`key from the environment (${keyVariable(provider)})`);
  else if (provider.source === 'environment') about.push('key from the environment');
  if (provider.source === 'found') about.push('found on this machine');
  return about.join(' · ');
}

export function kindName(kind: string, kinds: readonly ProviderKindView[]): string {
  return kinds.find((one) => one.kind === kind)?.name ?? kind;
}

/** The variable of a key that stands in the environment. */
export function keyVariable({ keyReference }: ProviderSummary): string | undefined {
  return keyReference?.startsWith('env://') === true ? keyReference.slice('env://'.length) : undefined;
}

/** Of a server of one's own, only that server knows them. */
export function catalogModels({ modelCount, isLocal }: CatalogSummary): string {
  return modelCount === 0 && isLocal ? 'its own' : String(modelCount);
}

export function plural(amount: number, word: string): string {
  return `${amount} ${word}${amount === 1 ? '' : 's'}`;
}

/** USD for a million tokens, as listed: "$3", "$0.25", "$0.435"; cents have both digits. */
export function price(perMillion: number | undefined): string {
  if (perMillion === undefined) return 'unknown';
  if (perMillion === 0) return 'free';
  const listed = String(Number(perMillion.toPrecision(4)));
  return `$${/\.\d$/.test(listed) ? `${listed}0` : listed}`;
}

export function priceRange(lowest: number | undefined, highest: number | undefined): string {
  if (lowest === undefined || highest === undefined) return 'unknown';
  if (lowest === highest) return price(lowest);
  return `${price(lowest)} to ${price(highest)}`;
}

export function window(tokens: number | undefined): string {
  return tokens === undefined ? 'unknown' : count(tokens);
}

export function yesNo(value: boolean | undefined): string {
  return value === undefined ? 'unknown' : value ? 'yes' : 'no';
}

export function modelAbilities({ supportsTools, supportsVision, canReason, reasoningLevels }: ModelView): string {
  const levels = reasoningLevels !== undefined && reasoningLevels.length > 0 ? ` (${reasoningLevels.join(', ')})` : '';
  const has = [supportsTools === true && 'tools', supportsVision === true && 'images', canReason === true && `reasoning${levels}`];
  const said = has.filter((one) => one !== false);
  if (said.length > 0) return said.join(', ');
  return [supportsTools, supportsVision, canReason].every((one) => one === undefined) ? 'unknown' : 'text only';
}

export function catalogAbilities({ hasReasoning, hasImages, isLocal }: CatalogSummary): string {
  const has = [isLocal && 'local', hasReasoning && 'reasoning', hasImages && 'images'].filter((one) => one !== false);
  return has.length === 0 ? 'text only' : has.join(', ');
}

export function chatCost(cost: number | undefined): string {
  return cost === undefined ? 'unknown' : money(cost);
}

export const authNames = {
  none: 'Nothing: it asks for no key',
  apiKey: 'An API key',
  oauth: 'Sign in',
  awsCredentials: 'AWS credentials of this machine',
  serviceAccount: 'A service account file',
} as const satisfies Record<AuthType, string>;

export const authTypes = ['apiKey', 'oauth', 'awsCredentials', 'serviceAccount', 'none'] as const satisfies readonly AuthType[];

/** As files spell it. */
export const authSpelling = {
  none: 'none',
  apiKey: 'api_key',
  oauth: 'oauth',
  awsCredentials: 'aws_credentials',
  serviceAccount: 'service_account',
} as const satisfies Record<AuthType, string>;

/** The name, or with a number behind it where it is taken. */
export function freeName(wanted: string, providers: readonly Pick<ProviderSummary, 'name'>[]): string {
  const taken = new Set(providers.map(({ name }) => name.toLowerCase()));
  let name = wanted;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted} ${number}`;
  return name;
}
