// Providers and catalogs as sent by the sidecar, for tests of the Providers page.
import type {
  CatalogDetail,
  CatalogSummary,
  ModelView,
  ProviderDetail,
  ProviderKindView,
  ProviderSummary,
} from '../../../extension/src/protocol/protocol.generated';

export function provider(change: Partial<ProviderSummary> = {}): ProviderSummary {
  return {
    id: 'anthropic',
    name: 'Anthropic',
    kind: 'anthropic',
    source: 'file',
    enabled: true,
    status: 'connected',
    lastTested: '2026-11-21T08:00:00Z',
    authType: 'apiKey',
    takesKey: true,
    hasCredential: true,
    isDefault: false,
    isDefaultSmall: false,
    file: '/home/me/.plue/providers/anthropic.json5',
    ...change,
  };
}

export const tour = provider({ id: 'tour', name: 'The tour', kind: 'tour', source: 'tour', takesKey: false, hasCredential: false });

export function detail(summary: ProviderSummary, change: Partial<ProviderDetail> = {}): ProviderDetail {
  return { summary, configuration: {}, uses: { chatCount: 0, chats: [], templates: [], settings: [] }, errors: [], ...change };
}

export function kind(change: Partial<ProviderKindView> = {}): ProviderKindView {
  return {
    kind: 'anthropic',
    name: 'Anthropic',
    takesKey: true,
    takesEndpoint: true,
    needsEndpoint: false,
    defaultEndpoint: 'https://api.anthropic.com',
    authTypes: ['apiKey'],
    ...change,
  };
}

export const ownServer = kind({
  kind: 'openai-compatible',
  name: 'OpenAI-compatible',
  needsEndpoint: true,
  defaultEndpoint: undefined,
  authTypes: ['apiKey', 'none'],
});

export function catalog(change: Partial<CatalogSummary> = {}): CatalogSummary {
  return {
    id: 'anthropic',
    name: 'Anthropic',
    type: 'anthropic',
    kind: 'anthropic',
    source: 'shipped',
    overridesShipped: false,
    isLocal: false,
    modelCount: 2,
    hasReasoning: true,
    hasImages: true,
    errorCount: 0,
    warningCount: 0,
    ...change,
  };
}

export function model(id: string, change: Partial<ModelView> = {}): ModelView {
  return { id, ...change };
}

export function catalogDetail(summary: CatalogSummary, models: ModelView[], document: unknown = {}): CatalogDetail {
  return { summary, document, models, problems: [] };
}
