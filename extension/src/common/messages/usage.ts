// Messages between the Usage page and the host.
import * as v from 'valibot';
import type { UsageParams, UsageSummaryResult } from '../../protocol/protocol.generated';
import { chatUri } from './fields';
import type { ViewError } from './viewError';

const day = v.optional(v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/)));
const asked = v.strictObject({
  from: day,
  to: day,
  utcOffsetMinutes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(-1440), v.maxValue(1440))),
}) satisfies v.GenericSchema<unknown, UsageParams>;

/** Page to host. */
export const fromUsagePage = v.variant('type', [
  /** The first one also reports that the page is loaded. */
  v.strictObject({ type: v.literal('show'), asked }),
  v.strictObject({ type: v.literal('csv'), asked }),
  v.strictObject({ type: v.literal('openChat'), uri: chatUri }),
]);

export type FromUsagePage = v.InferOutput<typeof fromUsagePage>;

/** Host to page. */
export type ToUsagePage =
  | { type: 'usage'; asked: UsageParams; usage: UsageSummaryResult }
  /** The usage was exported to this file. */
  | { type: 'exported'; file: string }
  | { type: 'refused'; error: ViewError };
