import type { TemplateSummary } from '../../../extension/src/protocol/protocol.generated';

/** A template as the sidecar lists it: one for tasks that ships. */
export function templateSummary(id: string, change: Partial<TemplateSummary> = {}): TemplateSummary {
  return { id, name: id, collection: 'tasks', layer: 'shipped', tags: [], inForce: true, problems: [], ...change };
}
