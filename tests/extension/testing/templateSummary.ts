import type { TemplateSummary } from '../../../extension/src/protocol/protocol.generated';

/** Returns a template as listed by the sidecar: a built-in one for tasks. */
export function templateSummary(id: string, change: Partial<TemplateSummary> = {}): TemplateSummary {
  return { id, name: id, collection: 'tasks', layer: 'shipped', tags: [], isIsolated: false, isActive: true, problems: [], ...change };
}
