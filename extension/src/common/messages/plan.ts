// Messages between the page of a plan and the host.
import * as v from 'valibot';
import type { FieldView, PlanView } from '../../protocol/protocol.generated';
import { planUri, text, values } from './fields';
import type { ViewError } from './viewError';

const version = v.pipe(v.number(), v.integer());
const position = v.pipe(v.number(), v.integer(), v.minValue(0));

/** Page to host. */
export const fromPlanPage = v.variant('type', [
  /** The page was loaded; `uri` is the plan that it showed before the reload. */
  v.strictObject({ type: v.literal('ready'), uri: v.optional(planUri) }),
  v.strictObject({ type: v.literal('reload') }),
  /** Sets fields of the item. */
  v.strictObject({ type: v.literal('save'), set: values, expectedVersion: version }),
  v.strictObject({ type: v.literal('run'), version, steps: v.array(position), mode: v.picklist(['ask', 'edit']) }),
  v.strictObject({ type: v.literal('stop') }),
  v.strictObject({ type: v.literal('sendComments') }),
  v.strictObject({ type: v.literal('open'), uri: text }),
  v.strictObject({ type: v.literal('openForm') }),
  v.strictObject({ type: v.literal('openFile') }),
  v.strictObject({ type: v.literal('history') }),
]);

export type FromPlanPage = v.InferOutput<typeof fromPlanPage>;

/** Host to page. */
export type ToPlanPage =
  /** `values` are the current values in the file, `fields` those of its template, `agents` the templates that a step can have. */
  | { type: 'plan'; plan: PlanView; values: Record<string, unknown>; fields: FieldView[]; agents: { id: string; name: string }[] }
  | { type: 'saved' }
  /** The plan was moved to the trash. */
  | { type: 'gone' }
  | { type: 'refused'; error: ViewError };
