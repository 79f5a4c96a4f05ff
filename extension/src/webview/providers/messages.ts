// What the Providers page and its host say to each other. No message carries a secret: keys are typed into VS Code's own box.
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

/** `kind` is a FailureKind in camelCase and picks the button that helps. */
export interface ViewError {
  kind: string;
  message: string;
}

/** Host to page. */
export type ToPage =
  | { type: 'snapshot'; providers: ProviderSummary[]; kinds: ProviderKindView[]; folderProblem?: string }
  | { type: 'sidecar'; state: 'starting' | 'running' | 'stopped'; cause?: string }
  | { type: 'detail'; detail: ProviderDetail }
  | { type: 'models'; id: string; result: ProviderModelsResult }
  | { type: 'catalogs'; list: CatalogListResult; startingPoints: CatalogStartingPoint[] }
  | { type: 'catalog'; detail: CatalogDetail }
  | { type: 'executables'; items: ExecutableView[] }
  | { type: 'backups'; items: CatalogBackup[] }
  | { type: 'template'; template: TemplateView }
  | { type: 'problems'; work: string; problems: CatalogProblem[] }
  /** A provider was stored by `connect`; its test may still be under way. */
  | { type: 'connected'; provider: ProviderSummary }
  /** A catalog was stored by `saveCatalog` or `restore`. */
  | { type: 'savedCatalog'; detail: CatalogDetail }
  | { type: 'removedCatalog'; id: string }
  /** A sentence of something that went well. */
  | { type: 'said'; words: string }
  /** The end of what the page waits for, with why it failed. */
  | { type: 'finished'; work: string; error?: ViewError }
  | { type: 'refused'; error: ViewError }
  /** Show this provider, or the list of what can be added. */
  | { type: 'go'; to: 'provider'; id: string }
  | { type: 'go'; to: 'add' };

export interface NewProvider {
  /** Of one that this step stored already. */
  id?: string;
  name: string;
  kind: string;
  catalogProvider?: string;
  endpoint?: string;
  /** As the file spells it. */
  authType?: string;
  /** The program of an external provider. */
  command?: string;
  /** Whatever else the template has, by the names of the file; null takes one out. */
  fields?: Record<string, unknown>;
}

/** What the page asks for. */
export type Deed =
  | { type: 'show'; id: string }
  | { type: 'listModels'; id: string; refresh: boolean }
  | { type: 'test'; id: string }
  | { type: 'setEnabled'; id: string; enabled: boolean }
  | { type: 'makeDefault'; id: string }
  | { type: 'makeDefaultSmall'; id: string }
  | { type: 'setKey'; id: string }
  | { type: 'signIn'; id: string }
  | { type: 'signOut'; id: string }
  | { type: 'moveKey'; id: string }
  | { type: 'openFile'; id: string }
  | { type: 'delete'; id: string }
  /** Changes by the names of the file; null takes one out. */
  | { type: 'configure'; id: string; changes: Record<string, unknown> }
  /** One that was found on this machine becomes the default and is tested. */
  | { type: 'use'; id: string }
  | { type: 'discover' }
  | { type: 'loadCatalogs' }
  | { type: 'loadCatalog'; id: string }
  | { type: 'loadExecutables' }
  | { type: 'approve'; path: string; sha256: string }
  | { type: 'connect'; provider: NewProvider; then: 'test' | 'setKey' | 'signIn' }
  | { type: 'loadTemplate' }
  | { type: 'validateCatalog'; document: unknown }
  | { type: 'saveCatalog'; document: unknown; previousId?: string }
  | { type: 'deleteCatalog'; id: string }
  | { type: 'importCatalog' }
  | { type: 'exportCatalog'; ids: string[] }
  | { type: 'refreshCatalog' }
  | { type: 'loadBackups' }
  | { type: 'restore'; backupId: string }
  | { type: 'openChat'; uri: string }
  | { type: 'newChat' }
  | { type: 'takeTour' }
  | { type: 'unlockVault' }
  | { type: 'checkClaudeCode' }
  | { type: 'showLog' }
  | { type: 'restart' };

/** Page to host. `work` names what the page waits for; one `finished` with the same name answers it. */
export type FromPage = { type: 'ready' } | (Deed & { work: string });
