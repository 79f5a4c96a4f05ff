// Messages between the Providers page and the host. No message carries a secret: keys are typed into VS Code's input box.
import * as v from 'valibot';
import type {
  CatalogBackup,
  CatalogDetail,
  CatalogListResult,
  CatalogProblem,
  CatalogStartingPoint,
  ExecutableView,
  ProviderDetail,
  ProviderKindView,
  ProviderModelsResult,
  ProviderSummary,
  TemplateView,
} from '../../protocol/protocol.generated';
import { conversationUri, id, values } from './fields';
import type { SidecarState, ViewError } from './viewError';

const text = v.pipe(v.string(), v.maxLength(8000));
/** Identifies an operation; `finished` repeats it. */
const work = v.pipe(v.string(), v.minLength(1), v.maxLength(2000));

const newProvider = v.strictObject({
  /** The ID of a provider that this step has already stored. */
  id: v.optional(id),
  name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(200)),
  kind: id,
  catalogProvider: v.optional(id),
  endpoint: v.optional(text),
  /** The value of `auth_type` in the file. */
  authType: v.optional(id),
  /** The command of an external provider. */
  command: v.optional(text),
  /** Other fields of the template, by their names in the file; null removes a field. */
  fields: v.optional(values),
});

export type NewProvider = v.InferOutput<typeof newProvider>;

function action<const Type extends string>(type: Type) {
  return v.strictObject({ type: v.literal(type), work });
}

function actionOn<const Type extends string>(type: Type) {
  return v.strictObject({ type: v.literal(type), id, work });
}

/** Page to host. The host ends each action with one `finished` that has the same `work`. */
const providersAction = v.variant('type', [
  actionOn('show'),
  v.strictObject({ type: v.literal('listModels'), id, refresh: v.boolean(), work }),
  actionOn('test'),
  v.strictObject({ type: v.literal('setEnabled'), id, enabled: v.boolean(), work }),
  actionOn('makeDefault'),
  actionOn('makeDefaultSmall'),
  actionOn('setKey'),
  /** Sets the user's own price of a model. */
  v.strictObject({ type: v.literal('setPrice'), id, modelId: id, work }),
  actionOn('signIn'),
  actionOn('signOut'),
  actionOn('moveKey'),
  actionOn('openFile'),
  actionOn('delete'),
  /** Changes by field name in the file; null removes a field. */
  v.strictObject({ type: v.literal('configure'), id, changes: values, work }),
  /** Makes a discovered provider the default and tests it. */
  actionOn('use'),
  action('discover'),
  action('loadCatalogs'),
  actionOn('loadCatalog'),
  action('loadExecutables'),
  v.strictObject({ type: v.literal('approve'), path: text, sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), work }),
  v.strictObject({ type: v.literal('connect'), provider: newProvider, then: v.picklist(['test', 'setKey', 'signIn']), work }),
  action('loadTemplate'),
  v.strictObject({ type: v.literal('validateCatalog'), document: v.unknown(), work }),
  v.strictObject({ type: v.literal('saveCatalog'), document: v.unknown(), previousId: v.optional(id), work }),
  actionOn('deleteCatalog'),
  action('importCatalog'),
  v.strictObject({ type: v.literal('exportCatalog'), ids: v.array(id), work }),
  action('refreshCatalog'),
  action('loadBackups'),
  v.strictObject({ type: v.literal('restore'), backupId: id, work }),
  v.strictObject({ type: v.literal('openChat'), uri: conversationUri, work }),
  action('newChat'),
  action('takeTour'),
  action('unlockVault'),
  action('checkClaudeCode'),
  action('showLog'),
  action('restart'),
]);

export const fromProvidersPage = v.variant('type', [v.strictObject({ type: v.literal('ready') }), providersAction]);

export type FromProvidersPage = v.InferOutput<typeof fromProvidersPage>;

type WithoutWork<T> = T extends unknown ? Omit<T, 'work'> : never;

/** A request of the page to the host, before it gets a `work`. */
export type ProvidersAction = WithoutWork<v.InferOutput<typeof providersAction>>;

/** Host to page. */
export type ToProvidersPage =
  | { type: 'snapshot'; providers: ProviderSummary[]; kinds: ProviderKindView[]; folderProblem?: string }
  | { type: 'sidecar'; state: SidecarState; cause?: string }
  | { type: 'detail'; detail: ProviderDetail }
  | { type: 'models'; id: string; result: ProviderModelsResult }
  | { type: 'catalogs'; list: CatalogListResult; startingPoints: CatalogStartingPoint[] }
  | { type: 'catalog'; detail: CatalogDetail }
  | { type: 'executables'; items: ExecutableView[] }
  | { type: 'backups'; items: CatalogBackup[] }
  | { type: 'template'; template: TemplateView }
  | { type: 'problems'; work: string; problems: CatalogProblem[] }
  /** `connect` stored a provider; its test may still be running. */
  | { type: 'connected'; provider: ProviderSummary }
  /** `saveCatalog` or `restore` stored a catalog. */
  | { type: 'savedCatalog'; detail: CatalogDetail }
  | { type: 'removedCatalog'; id: string }
  /** A message about an operation that succeeded. */
  | { type: 'status'; text: string }
  /** The operation ended, with an error if it failed. */
  | { type: 'finished'; work: string; error?: ViewError }
  | { type: 'refused'; error: ViewError }
  /** Shows a provider, or the list of providers to add. */
  | { type: 'go'; to: 'provider'; id: string }
  | { type: 'go'; to: 'add' };
