// What the page of a form and its host say to each other.
import type { CodexSummary, HookFailureView, ModelView, ProviderSummary, TemplateView } from '../../protocol/protocol.generated';

/** A new one of a template, begun with some values, a task perhaps under a chat or task; or one that is there. */
export type ItemTarget = { templateId: string; values?: Record<string, unknown>; parentId?: string } | { uri: string };

/** Host to page. */
export type ToItemPage =
  /** Replaces what is shown. Without a codex it is a new one. */
  | {
      type: 'form';
      target: ItemTarget;
      template: TemplateView;
      codex?: CodexSummary;
      values: Record<string, unknown>;
      readOnlyReason?: string;
      /** Codex addresses that a field could hold, by its name. */
      offers?: Record<string, string[]>;
      hookFailures?: HookFailureView[];
    }
  | { type: 'providers'; providers: ProviderSummary[] }
  | { type: 'models'; providerId: string; models: ModelView[]; error?: string }
  /** Kept; the form shows what the file says now. */
  | { type: 'saved'; codex: CodexSummary; values: Record<string, unknown>; hookFailures?: HookFailureView[] }
  /** Somebody else changed it meanwhile, or took it away. */
  | { type: 'changed'; isGone: boolean }
  | { type: 'refused'; error: { kind: string; message: string } };

/** Page to host. Every one is checked against a schema before it is acted on. */
export type FromItemPage =
  /** The page came up, and showed this before. */
  | { type: 'ready'; target?: ItemTarget }
  | { type: 'reload' }
  /** The title is that of a new one. Null takes a field away. */
  | { type: 'save'; title?: string; values: Record<string, unknown>; expectedVersion?: number }
  | { type: 'listModels'; providerId: string }
  | { type: 'connect' }
  | { type: 'history' }
  | { type: 'openFile' }
  | { type: 'delete' };
