// Messages between the page of triggers and the host.
import * as v from 'valibot';
import type { TriggerListResult } from '../../protocol/protocol.generated';
import { text } from './fields';
import type { ViewError } from './viewError';

/** The URI of an item that is a trigger. */
const triggerUri = v.pipe(v.string(), v.startsWith('codex://items/'), v.maxLength(1000));

/** Page to host. */
export const fromTriggersPage = v.variant('type', [
  /** The page was loaded, or the user wants to try again. */
  v.strictObject({ type: v.literal('show') }),
  /** Without `uri` for all triggers. */
  v.strictObject({ type: v.literal('setEnabled'), uri: v.optional(triggerUri), isEnabled: v.boolean() }),
  v.strictObject({ type: v.literal('run'), uri: triggerUri }),
  /** Opens a task or the item of a trigger. */
  v.strictObject({ type: v.literal('open'), uri: text }),
  v.strictObject({ type: v.literal('create') }),
]);

export type FromTriggersPage = v.InferOutput<typeof fromTriggersPage>;

/** Host to page. */
export type ToTriggersPage = { type: 'triggers'; list: TriggerListResult } | { type: 'refused'; error: ViewError };
