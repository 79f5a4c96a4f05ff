// Display texts for providers, prices and capabilities.
import * as l10n from '@vscode/l10n';
import type { AuthType, CatalogSummary, ModelView, ProviderKindView, ProviderSummary } from '../../protocol/protocol.generated';
import { formatModelCount } from '../../common/counts';
import { formatTokens, formatPrice, formatCost, notAvailable } from '../../common/format';
import { locale } from '../../common/locale';

export interface Status {
  icon: string;
  words: string;
  /** Color of the icon; the text has the same information. */
  look: 'good' | 'bad' | 'plain';
}

export function statusOf(provider: ProviderSummary, now: Date, isTesting: boolean): Status {
  const { fault, cooldownUntil, error } = provider;
  if (fault !== undefined) {
    return { icon: 'error', words: l10n.t('Error: {0} (line {1}, column {2})', fault.message, fault.line, fault.column), look: 'bad' };
  }
  if (isTesting || provider.status === 'testing')
    return { icon: 'loading codicon-modifier-spin', words: l10n.t('Testing…'), look: 'plain' };
  if (!provider.enabled || provider.status === 'disabled') return { icon: 'circle-slash', words: l10n.t('Disabled'), look: 'plain' };
  if (provider.source === 'tour')
    return { icon: 'device-camera-video', words: l10n.t('Recorded responses, no key or network needed'), look: 'plain' };
  if (cooldownUntil !== undefined && new Date(cooldownUntil) > now) {
    return { icon: 'debug-pause', words: l10n.t('Rate limited until {0}', clock(cooldownUntil)), look: 'bad' };
  }
  if (provider.status === 'error')
    return {
      icon: 'error',
      words: error === undefined ? l10n.t('Error: the provider did not respond.') : l10n.t('Error: {0}', error.message),
      look: 'bad',
    };
  if (provider.takesKey && !provider.hasCredential && provider.status === 'untested') {
    return { icon: 'circle-outline', words: l10n.t('Not tested, no key'), look: 'plain' };
  }
  if (provider.status === 'untested') return { icon: 'circle-outline', words: l10n.t('Not tested'), look: 'plain' };
  const words = provider.lastTested === undefined ? l10n.t('Connected') : l10n.t('Connected, tested {0}', ago(provider.lastTested, now));
  return { icon: 'pass', words, look: 'good' };
}

function clock(time: string): string {
  return new Date(time).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' });
}

export function ago(time: string, now: Date): string {
  const minutes = Math.floor((now.getTime() - new Date(time).getTime()) / 60_000);
  if (!Number.isFinite(minutes)) return l10n.t('at an unknown time');
  if (minutes < 1) return l10n.t('just now');
  if (minutes < 60) return l10n.t('{0} min ago', minutes);
  if (minutes < 48 * 60) return l10n.t('{0} h ago', Math.floor(minutes / 60));
  return l10n.t('{0} days ago', Math.floor(minutes / 60 / 24));
}

/** Returns vendor or type, number of models, and source of the key. */
export function aboutText(provider: ProviderSummary, kinds: readonly ProviderKindView[]): string {
  if (provider.source === 'tour') return l10n.t('Recorded chats');
  const about = [kindName(provider.kind, kinds)];
  if (provider.modelCount !== undefined) about.push(formatModelCount(provider.modelCount));
  const variable = keyVariable(provider);
  if (variable !== undefined) about.push(l10n.t('key from the environment ({0})', variable));
  else if (provider.source === 'environment') about.push(l10n.t('key from the environment'));
  if (provider.source === 'found') about.push(l10n.t('found on this machine'));
  return about.join(' · ');
}

export function kindName(kind: string, kinds: readonly ProviderKindView[]): string {
  return kinds.find((one) => one.kind === kind)?.name ?? kind;
}

/** Returns the environment variable of the key. */
export function keyVariable({ keyReference }: ProviderSummary): string | undefined {
  return keyReference?.startsWith('env://') === true ? keyReference.slice('env://'.length) : undefined;
}

/** For some vendors and local servers, only the server knows the models. */
export function catalogModels({ modelCount }: CatalogSummary): string {
  return modelCount === 0 ? l10n.t('from server') : String(modelCount);
}

export function errorsText(amount: number): string {
  return amount === 1 ? l10n.t('1 error') : l10n.t('{0} errors', amount);
}

/** Returns USD per million tokens: "$3", "$0.25", "$0.435"; cents have two digits. */
export function price(perMillion: number | undefined): string {
  if (perMillion === undefined) return notAvailable;
  if (perMillion === 0) return l10n.t('free');
  const rounded = Number(perMillion.toPrecision(4));
  return formatPrice(rounded, /\.\d$/.test(String(rounded)) ? 2 : 0);
}

export function priceRange(lowest: number | undefined, highest: number | undefined): string {
  if (lowest === undefined || highest === undefined) return notAvailable;
  if (lowest === highest) return price(lowest);
  return l10n.t('{0} to {1}', price(lowest), price(highest));
}

export function window(tokens: number | undefined): string {
  return tokens === undefined ? notAvailable : formatTokens(tokens);
}

export function yesOrNo(value: boolean | undefined): string {
  return value === undefined ? notAvailable : value ? l10n.t('yes') : l10n.t('no');
}

export function modelAbilities({ supportsTools, supportsVision, canReason, reasoningLevels }: ModelView): string {
  const reasoning =
    reasoningLevels !== undefined && reasoningLevels.length > 0
      ? l10n.t('reasoning ({0})', reasoningLevels.join(', '))
      : l10n.t('reasoning');
  const has = [supportsTools === true && l10n.t('tools'), supportsVision === true && l10n.t('images'), canReason === true && reasoning];
  const said = has.filter((one) => one !== false);
  if (said.length > 0) return said.join(', ');
  return [supportsTools, supportsVision, canReason].every((one) => one === undefined) ? notAvailable : l10n.t('text only');
}

export function catalogCapabilities({ hasReasoning, hasImages, isLocal, modelCount }: CatalogSummary): string {
  const has = [isLocal && l10n.t('local'), hasReasoning && l10n.t('reasoning'), hasImages && l10n.t('images')].filter(
    (one) => one !== false,
  );
  if (has.length > 0) return has.join(', ');
  return modelCount === 0 ? notAvailable : l10n.t('text only');
}

export function chatCost(cost: number | undefined): string {
  return cost === undefined ? notAvailable : formatCost(cost);
}

export const authNames = {
  none: l10n.t('None'),
  apiKey: l10n.t('API key'),
  oauth: l10n.t('Sign In'),
  awsCredentials: l10n.t('AWS credentials on this machine'),
  serviceAccount: l10n.t('Service account file'),
} as const satisfies Record<AuthType, string>;

export const authTypes = ['apiKey', 'oauth', 'awsCredentials', 'serviceAccount', 'none'] as const satisfies readonly AuthType[];

/** Spelling in files. */
export const authSpelling = {
  none: 'none',
  apiKey: 'api_key',
  oauth: 'oauth',
  awsCredentials: 'aws_credentials',
  serviceAccount: 'service_account',
} as const satisfies Record<AuthType, string>;

/** Returns an unused name, with a number if needed. */
export function freeName(wanted: string, providers: readonly Pick<ProviderSummary, 'name'>[]): string {
  const taken = new Set(providers.map(({ name }) => name.toLowerCase()));
  let name = wanted;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${wanted} ${number}`;
  return name;
}
