import * as v from 'valibot';
import { approvalViewSchema, taskDetailSchema, taskViewSchema } from '../../protocol/schemas.generated';

export const agentToPage = v.variant('type', [
  v.object({ type: v.literal('approvals'), approvals: v.array(approvalViewSchema) }),
  v.object({ type: v.literal('children'), tasks: v.array(taskViewSchema) }),
  v.object({ type: v.literal('underReview'), paths: v.array(v.string()) }),
  v.object({ type: v.literal('task'), detail: taskDetailSchema }),
  v.object({ type: v.literal('taskFailed'), message: v.string() }),
]);
