// Messages between the form of a codex and the host.
import * as v from 'valibot';
import type { CodexSummary, HookFailureView, ModelView, ProviderSummary, TemplateView } from '../../protocol/protocol.generated';
import { id, values } from './fields';
import type { ViewError } from './viewError';

const codexUri = v.pipe(v.string(), v.regex(/^codex:\/\/(items|chats|tasks)\//), v.maxLength(1000));

/** A new codex: its template, initial values, and for a task its parent. `chat` is an empty chat whose template is replaced instead. */
export const newTarget = v.strictObject({
  templateId: v.pipe(v.string(), v.maxLength(200)),
  values: v.optional(values),
  parentId: v.optional(codexUri),
  chat: v.optional(codexUri),
});

export type NewTarget = v.InferOutput<typeof newTarget>;

/** A new task of a chat; without a template the user selects one first. */
export const taskOfChat = v.strictObject({ goal: v.string(), parentId: codexUri, templateId: v.optional(v.string()) });

export const itemTarget = v.union([newTarget, v.strictObject({ uri: codexUri })]);

/** A new codex or an existing one. */
export type ItemTarget = v.InferOutput<typeof itemTarget>;

/** Page to host. */
export const fromItemPage = v.variant('type', [
  /** The page was loaded; `target` is what it showed before the reload. */
  v.strictObject({ type: v.literal('ready'), target: v.optional(itemTarget) }),
  v.strictObject({ type: v.literal('reload') }),
  /** `title` is for a new codex. A value of null removes the field. */
  v.strictObject({
    type: v.literal('save'),
    title: v.optional(v.pipe(v.string(), v.maxLength(1000))),
    values,
    expectedVersion: v.optional(v.pipe(v.number(), v.integer())),
  }),
  v.strictObject({ type: v.literal('listModels'), providerId: id }),
  v.strictObject({ type: v.literal('connect') }),
  v.strictObject({ type: v.literal('history') }),
  v.strictObject({ type: v.literal('openFile') }),
  v.strictObject({ type: v.literal('editWithPlue') }),
  v.strictObject({ type: v.literal('delete') }),
]);

export type FromItemPage = v.InferOutput<typeof fromItemPage>;

/** Host to page. */
export type ToItemPage =
  /** Replaces the form. Without `codex` the form creates one. */
  | {
      type: 'form';
      target: ItemTarget;
      template: TemplateView;
      codex?: CodexSummary;
      values: Record<string, unknown>;
      readOnlyReason?: string;
      /** Codex URIs that a field accepts, by field name. */
      offers?: Record<string, string[]>;
      hookFailures?: HookFailureView[];
    }
  | { type: 'providers'; providers: ProviderSummary[] }
  | { type: 'models'; providerId: string; models: ModelView[]; error?: string }
  /** `values` are the current values in the file. */
  | { type: 'saved'; codex: CodexSummary; values: Record<string, unknown>; hookFailures?: HookFailureView[] }
  /** The file was changed or deleted outside this form. */
  | { type: 'changed'; isGone: boolean }
  | { type: 'refused'; error: ViewError };
