// What arrives at the page is checked here, once: anything that is not one of the messages is dropped.
import * as v from 'valibot';
import {
  catalogBackupSchema,
  catalogDetailSchema,
  catalogListResultSchema,
  catalogProblemSchema,
  catalogStartingPointSchema,
  executableViewSchema,
  providerDetailSchema,
  providerKindViewSchema,
  providerModelsResultSchema,
  providerSummarySchema,
  templateViewSchema,
} from '../../protocol/schemas.generated';
import type { ToPage } from './messages';

/** Undefined for anything the host does not say. */
export function readToPage(data: unknown): ToPage | undefined {
  const result = v.safeParse(toPage, data);
  return result.success ? result.output : undefined;
}

const text = v.string();
const error = v.object({ kind: text, message: text });

const toPage: v.GenericSchema<unknown, ToPage> = v.union([
  v.variant('type', [
    v.object({
      type: v.literal('snapshot'),
      providers: v.array(providerSummarySchema),
      kinds: v.array(providerKindViewSchema),
      folderProblem: v.optional(text),
    }),
    v.object({ type: v.literal('sidecar'), state: v.picklist(['starting', 'running', 'stopped']), cause: v.optional(text) }),
    v.object({ type: v.literal('detail'), detail: providerDetailSchema }),
    v.object({ type: v.literal('models'), id: text, result: providerModelsResultSchema }),
    v.object({ type: v.literal('catalogs'), list: catalogListResultSchema, startingPoints: v.array(catalogStartingPointSchema) }),
    v.object({ type: v.literal('catalog'), detail: catalogDetailSchema }),
    v.object({ type: v.literal('executables'), items: v.array(executableViewSchema) }),
    v.object({ type: v.literal('backups'), items: v.array(catalogBackupSchema) }),
    v.object({ type: v.literal('template'), template: templateViewSchema }),
    v.object({ type: v.literal('problems'), work: text, problems: v.array(catalogProblemSchema) }),
    v.object({ type: v.literal('connected'), provider: providerSummarySchema }),
    v.object({ type: v.literal('savedCatalog'), detail: catalogDetailSchema }),
    v.object({ type: v.literal('removedCatalog'), id: text }),
    v.object({ type: v.literal('said'), words: text }),
    v.object({ type: v.literal('finished'), work: text, error: v.optional(error) }),
    v.object({ type: v.literal('refused'), error }),
  ]),
  v.object({ type: v.literal('go'), to: v.literal('provider'), id: text }),
  v.object({ type: v.literal('go'), to: v.literal('add') }),
]);
