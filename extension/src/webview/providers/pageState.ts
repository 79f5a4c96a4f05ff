// State of the Providers page: data and route. Messages are reduced into it.
import * as v from 'valibot';
import type {
  CatalogBackup,
  CatalogDetail,
  CatalogStartingPoint,
  CatalogSummary,
  ExecutableView,
  ProviderDetail,
  ProviderKindView,
  ProviderModelsResult,
  ProviderSummary,
  TemplateView,
} from '../../protocol/protocol.generated';
import type { ProvidersAction, ToProvidersPage } from '../../common/messages/providers';
import type { ViewError } from '../../common/messages/viewError';

/** Subject of the connect step: a vendor of the catalog or a provider type. */
export interface Choice {
  kind: string;
  catalogId?: string;
  /** Typed values, and the ID once it is saved. */
  name?: string;
  endpoint?: string;
  authType?: string;
  command?: string;
  fields?: Record<string, unknown>;
  providerId?: string;
  wasTested?: boolean;
  /** Connects immediately, because nothing has to be typed. */
  connectsAtOnce?: boolean;
}

export type Route =
  | { at: 'providers' }
  | { at: 'edit'; id: string; draft?: Record<string, unknown> }
  | { at: 'choose' }
  | { at: 'catalog'; id: string }
  | { at: 'compare' }
  | { at: 'connect'; choice: Choice }
  | { at: 'editCatalog'; document: unknown; previousId?: string }
  | { at: 'backups' };

export interface ComparedModel {
  catalogId: string;
  modelId: string;
}

export type SortOrder = 'name' | 'price' | 'window';

export interface Filter {
  words: string;
  isLocal: boolean;
  hasReasoning: boolean;
  hasImages: boolean;
  isCheap: boolean;
  sort: SortOrder;
  /** Shows prices and capabilities of all providers. */
  isComparing: boolean;
}

export interface State {
  /** Undefined until the first list was received. */
  providers: ProviderSummary[] | undefined;
  kinds: ProviderKindView[];
  folderProblem: string | undefined;
  sidecar: { state: 'starting' | 'running' | 'stopped'; cause?: string };
  details: Record<string, ProviderDetail>;
  models: Record<string, ProviderModelsResult>;
  catalogs: CatalogSummary[] | undefined;
  catalogFolderProblem: string | undefined;
  startingPoints: CatalogStartingPoint[];
  catalogDetails: Record<string, CatalogDetail>;
  executables: ExecutableView[] | undefined;
  backups: CatalogBackup[] | undefined;
  template: TemplateView | undefined;
  /** The running operations. */
  busy: readonly string[];
  failures: Record<string, ViewError>;
  /** The last request of each operation, for retrying. */
  asked: Record<string, ProvidersAction>;
  /** Errors without a request. */
  refusal: ViewError | undefined;
  route: Route;
  selected: string | undefined;
  compared: readonly ComparedModel[];
  filter: Filter;
  modelFilter: string;
}

export const noFilter: Filter = {
  words: '',
  isLocal: false,
  hasReasoning: false,
  hasImages: false,
  isCheap: false,
  sort: 'name',
  isComparing: false,
};

export const firstState: State = {
  providers: undefined,
  kinds: [],
  folderProblem: undefined,
  sidecar: { state: 'running' },
  details: {},
  models: {},
  catalogs: undefined,
  catalogFolderProblem: undefined,
  startingPoints: [],
  catalogDetails: {},
  executables: undefined,
  backups: undefined,
  template: undefined,
  busy: [],
  failures: {},
  asked: {},
  refusal: undefined,
  route: { at: 'providers' },
  selected: undefined,
  compared: [],
  filter: noFilter,
  modelFilter: '',
};

export function reduce(state: State, message: ToProvidersPage): State {
  switch (message.type) {
    case 'snapshot': {
      const { providers, kinds, folderProblem } = message;
      const selected = providers.some(({ id }) => id === state.selected) ? state.selected : providers[0]?.id;
      return { ...state, providers, kinds, folderProblem, selected, refusal: undefined };
    }
    case 'sidecar':
      return {
        ...state,
        sidecar: { state: message.state, ...(message.cause === undefined ? {} : { cause: message.cause }) },
        // A new sidecar process may not have the problem of the previous one.
        ...(message.state === 'stopped' ? { busy: [] } : message.state === 'running' ? { failures: {} } : {}),
      };
    case 'detail':
      return { ...state, details: { ...state.details, [message.detail.summary.id]: message.detail } };
    case 'models':
      return { ...state, models: { ...state.models, [message.id]: message.result } };
    case 'catalogs':
      return {
        ...state,
        catalogs: message.list.items,
        catalogFolderProblem: message.list.folderProblem,
        startingPoints: message.startingPoints,
      };
    case 'catalog':
    case 'savedCatalog': {
      const { detail } = message;
      return { ...state, catalogDetails: { ...state.catalogDetails, [detail.summary.id]: detail } };
    }
    case 'removedCatalog': {
      const { [message.id]: removed, ...catalogDetails } = state.catalogDetails;
      return removed === undefined ? state : { ...state, catalogDetails };
    }
    case 'executables':
      return { ...state, executables: message.items };
    case 'backups':
      return { ...state, backups: message.items };
    case 'template':
      return { ...state, template: message.template };
    case 'connected': {
      const { provider } = message;
      const others = (state.providers ?? []).filter(({ id }) => id !== provider.id);
      const choice = state.route.at === 'connect' ? { ...state.route.choice, providerId: provider.id } : undefined;
      return {
        ...state,
        providers: [...others, provider],
        selected: provider.id,
        ...(choice === undefined ? {} : { route: { at: 'connect', choice } }),
      };
    }
    case 'finished':
      return finish(state, message.work, message.error);
    case 'refused':
      return { ...state, refusal: message.error };
    case 'go':
      return message.to === 'add' ? { ...state, route: { at: 'choose' } } : { ...state, route: { at: 'providers' }, selected: message.id };
    case 'problems':
    case 'status':
      return state;
  }
}

function finish(state: State, work: string, error: ViewError | undefined): State {
  const { [work]: before, ...others } = state.failures;
  const failures = error === undefined ? (before === undefined ? state.failures : others) : { ...others, [work]: error };
  return { ...state, busy: state.busy.filter((one) => one !== work), failures };
}

/** Starts an operation and clears its previous error. */
export function begin(state: State, work: string, action: ProvidersAction): State {
  const { [work]: before, ...failures } = state.failures;
  return {
    ...state,
    busy: [...state.busy.filter((one) => one !== work), work],
    asked: { ...state.asked, [work]: action },
    ...(before === undefined ? {} : { failures }),
  };
}

export function isBusy(state: State, work: string): boolean {
  return state.busy.includes(work);
}

/** True if the user configured none of the providers: they are then suggested instead of listed. */
export function isEmpty(providers: readonly ProviderSummary[]): boolean {
  return !providers.some(({ source, isDefault }) => source === 'file' || (isDefault && source !== 'tour'));
}

const maybe = v.optional(v.string());
const route: v.GenericSchema<unknown, Route> = v.variant('at', [
  v.object({ at: v.literal('providers') }),
  v.object({ at: v.literal('edit'), id: v.string(), draft: v.optional(v.record(v.string(), v.unknown())) }),
  v.object({ at: v.literal('choose') }),
  v.object({ at: v.literal('catalog'), id: v.string() }),
  v.object({ at: v.literal('compare') }),
  v.object({
    at: v.literal('connect'),
    choice: v.object({
      kind: v.string(),
      catalogId: maybe,
      name: maybe,
      endpoint: maybe,
      authType: maybe,
      command: maybe,
      fields: v.optional(v.record(v.string(), v.unknown())),
      providerId: maybe,
      wasTested: v.optional(v.boolean()),
    }),
  }),
  v.object({ at: v.literal('editCatalog'), document: v.unknown(), previousId: maybe }),
  v.object({ at: v.literal('backups') }),
]);

const kept = v.object({
  route,
  selected: maybe,
  compared: v.array(v.object({ catalogId: v.string(), modelId: v.string() })),
  filter: v.object({
    words: v.string(),
    isLocal: v.boolean(),
    hasReasoning: v.boolean(),
    hasImages: v.boolean(),
    isCheap: v.boolean(),
    sort: v.picklist(['name', 'price', 'window']),
    isComparing: v.optional(v.boolean(), false),
  }),
});

/** State that VS Code keeps while the page is hidden: route and typed values. */
export function savedStateOf(state: State): unknown {
  const { route, selected, compared, filter } = state;
  return { route, selected, compared, filter };
}

export function stateFrom(data: unknown): State {
  const result = v.safeParse(kept, data);
  if (!result.success) return firstState;
  const { route, selected, compared, filter } = result.output;
  return { ...firstState, route, selected, compared, filter };
}
