// Messages between the page of a comparison and the host.
import * as v from 'valibot';
import type { CompareView } from '../../protocol/protocol.generated';
import { text } from './fields';
import type { ViewError } from './viewError';

/** What can be done with the task of a contestant. */
export const contestantActions = ['open', 'review', 'choose', 'stop', 'resume'] as const;

export type ContestantAction = (typeof contestantActions)[number];

/** Page to host. */
export const fromComparePage = v.variant('type', [
  /** The page was loaded; `uri` is the comparison that it showed before the reload. */
  v.strictObject({ type: v.literal('ready'), uri: v.optional(text) }),
  v.strictObject({ type: v.literal('reload') }),
  v.strictObject({ type: v.literal('stopAll') }),
  v.strictObject({ type: v.literal('new') }),
  v.strictObject({ type: v.literal('act'), action: v.picklist(contestantActions), task: text }),
]);

export type FromComparePage = v.InferOutput<typeof fromComparePage>;

/** Host to page. */
export type ToComparePage =
  | { type: 'comparison'; comparison: CompareView }
  /** No comparison exists or is selected. */
  | { type: 'empty' }
  | { type: 'refused'; error: ViewError };
