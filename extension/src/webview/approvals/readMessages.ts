import * as v from 'valibot';
import { approvalViewSchema } from '../../protocol/schemas.generated';
import type { ToApprovalsPage } from './messages';

const toPage: v.GenericSchema<unknown, ToApprovalsPage> = v.variant('type', [
  v.object({ type: v.literal('approvals'), approvals: v.array(approvalViewSchema), canAnswer: v.boolean() }),
  v.object({ type: v.literal('failed'), message: v.string() }),
  v.object({ type: v.literal('refused'), error: v.object({ kind: v.string(), message: v.string() }) }),
  v.object({ type: v.literal('focus') }),
]);

/** Undefined for anything the host does not say. */
export function readToApprovalsPage(data: unknown): ToApprovalsPage | undefined {
  const parsed = v.safeParse(toPage, data);
  return parsed.success ? parsed.output : undefined;
}
