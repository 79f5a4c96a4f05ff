import * as v from 'valibot';
import type { FromPage } from '../../webview/providers/messages';

/** A name that the page repeats from what it was sent. */
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));
const text = v.pipe(v.string(), v.maxLength(8000));
const work = v.pipe(v.string(), v.minLength(1), v.maxLength(2000));

const bare = [
  'discover',
  'loadCatalogs',
  'loadExecutables',
  'loadTemplate',
  'importCatalog',
  'refreshCatalog',
  'loadBackups',
  'newChat',
  'takeTour',
  'unlockVault',
  'checkClaudeCode',
  'showLog',
  'restart',
] as const;

const ofOne = [
  'show',
  'test',
  'makeDefault',
  'makeDefaultSmall',
  'setKey',
  'signIn',
  'signOut',
  'moveKey',
  'openFile',
  'delete',
  'use',
  'loadCatalog',
  'deleteCatalog',
] as const;

const fromPage: v.GenericSchema<unknown, FromPage> = v.union([
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({ type: v.picklist(bare), work }),
  v.strictObject({ type: v.picklist(ofOne), id, work }),
  v.strictObject({ type: v.literal('listModels'), id, refresh: v.boolean(), work }),
  v.strictObject({ type: v.literal('setEnabled'), id, enabled: v.boolean(), work }),
  v.strictObject({ type: v.literal('configure'), id, changes: v.record(v.string(), v.unknown()), work }),
  v.strictObject({ type: v.literal('approve'), path: text, sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), work }),
  v.strictObject({
    type: v.literal('connect'),
    provider: v.strictObject({
      id: v.optional(id),
      name: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(200)),
      kind: id,
      catalogProvider: v.optional(id),
      endpoint: v.optional(text),
      authType: v.optional(id),
      command: v.optional(text),
      fields: v.optional(v.record(v.string(), v.unknown())),
    }),
    then: v.picklist(['test', 'setKey', 'signIn']),
    work,
  }),
  v.strictObject({ type: v.literal('validateCatalog'), document: v.unknown(), work }),
  v.strictObject({ type: v.literal('saveCatalog'), document: v.unknown(), previousId: v.optional(id), work }),
  v.strictObject({ type: v.literal('exportCatalog'), ids: v.array(id), work }),
  v.strictObject({ type: v.literal('restore'), backupId: id, work }),
  v.strictObject({ type: v.literal('openChat'), uri: v.pipe(v.string(), v.regex(/^codex:\/\/(chats|tasks)\//), v.maxLength(1000)), work }),
]);

/** A message of the page, or undefined when it is not one. The page shows what vendors wrote, so nothing of it is taken on trust. */
export function readFromPage(message: unknown): FromPage | undefined {
  const parsed = v.safeParse(fromPage, message);
  return parsed.success ? parsed.output : undefined;
}
