// What the Settings page and its host say to each other.
import type { ModelView, ProviderSummary, SettingsResult } from '../../protocol/protocol.generated';

/** Host to page. */
export type ToSettingsPage =
  /** Everything: after `ready`, and whenever the file or the sidecar may have changed. */
  | { type: 'settings'; settings: SettingsResult; providers: ProviderSummary[] }
  | { type: 'providers'; providers: ProviderSummary[] }
  | { type: 'models'; providerId: string; models: ModelView[]; error?: string }
  | { type: 'saved'; name: string; settings: SettingsResult }
  /** The file was left as it was. */
  | { type: 'notSaved'; name: string; error: { kind: string; message: string } }
  | { type: 'refused'; error: { kind: string; message: string } };

/** Page to host. Every one is checked against a schema before it is acted on. */
export type FromSettingsPage =
  | { type: 'ready' }
  /** Without a value the setting leaves the file, and its default counts. */
  | { type: 'set'; name: string; value?: unknown }
  | { type: 'listModels'; providerId: string }
  | { type: 'openFile'; line?: number; column?: number }
  | { type: 'manageProviders' };
