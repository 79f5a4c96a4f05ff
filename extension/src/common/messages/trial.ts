// Messages between the Try Template page and the host.
import * as v from 'valibot';
import type { FieldView, TemplateTryResult } from '../../protocol/protocol.generated';
import { values } from './fields';
import type { ViewError } from './viewError';

const id = v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/), v.maxLength(200));
/** Zero-based index in a list of the result. */
const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000));

/** Page to host. */
export const fromTrialPage = v.variant('type', [
  /** The page was loaded; `id` and `values` are what it showed before the reload. */
  v.strictObject({ type: v.literal('ready'), id: v.optional(id), values: v.optional(values) }),
  v.strictObject({ type: v.literal('choose') }),
  v.strictObject({ type: v.literal('try'), values }),
  v.strictObject({ type: v.literal('start'), values }),
  v.strictObject({ type: v.literal('openFinding'), index }),
  v.strictObject({ type: v.literal('openSource'), index }),
  v.strictObject({ type: v.literal('openTemplate') }),
  v.strictObject({ type: v.literal('newTemplate') }),
]);

export type FromTrialPage = v.InferOutput<typeof fromTrialPage>;

export interface Trial {
  id: string;
  name: string;
  description?: string;
  /** `tasks`, `chats` or `items`. */
  collection: string;
  /** Absent for a built-in template. */
  path?: string;
  /** The goal and the required fields. */
  fields: FieldView[];
  values: Record<string, unknown>;
}

/** Host to page. */
export type ToTrialPage =
  | { type: 'trial'; trial: Trial; result: TemplateTryResult }
  /** No template is selected. */
  | { type: 'empty' }
  /** `name` is absent until the template is loaded. */
  | { type: 'trying'; name?: string }
  | { type: 'refused'; error: ViewError };
