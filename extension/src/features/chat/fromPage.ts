import * as v from 'valibot';
import { modes } from '../../webview/shared/viewMessages';
import type { FromPage, PageState, ReadingFromPage, SteeringFromPage } from '../../webview/shared/viewMessages';
import { fromAgents, talk } from './fromAgents';
import { attachments, fromComposer } from './fromComposer';
import { readingFromPage } from './readingFromPage';

const text = v.string();
/** A name that the page repeats from what it was sent. */
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(1000));
const info = v.pipe(v.string(), v.maxLength(4000));

const choice = v.strictObject({ providerId: id, model: v.optional(id) });

const readingTypes: ReadonlySet<string> = new Set(readingFromPage.map((schema) => schema.entries.type.literal));

/** Whether it is about the messages that somebody reads. */
export function isReading<T extends { type: string }>(message: T | ReadingFromPage): message is ReadingFromPage {
  return readingTypes.has(message.type);
}

const path = v.pipe(v.string(), v.minLength(1), v.maxLength(8000));

const steeringFromPage = [
  v.strictObject({ type: v.literal('steering') }),
  v.strictObject({ type: v.literal('openSteering'), source: path, path: v.optional(path) }),
  v.strictObject({ type: v.literal('allowSteering'), source: path, version: id }),
] as const;

const steeringTypes: ReadonlySet<string> = new Set(steeringFromPage.map((schema) => schema.entries.type.literal));

/** Whether it is about what steers the chat. */
export function isSteering<T extends { type: string }>(message: T | SteeringFromPage): message is SteeringFromPage {
  return steeringTypes.has(message.type);
}

const fromPage = v.variant('type', [
  ...readingFromPage,
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({ type: v.literal('send'), text, attachments: v.optional(attachments), queue: v.optional(v.boolean()) }),
  v.strictObject({ type: v.literal('stop') }),
  v.strictObject({ type: v.literal('retry'), messageId: id, continue: v.optional(v.boolean()) }),
  v.strictObject({ type: v.literal('discard'), messageId: id, before: v.optional(v.pipe(v.array(id), v.maxLength(500))) }),
  v.strictObject({ type: v.literal('rename'), title: v.pipe(v.string(), v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('choose'), providerId: id, model: v.optional(id) }),
  v.strictObject({ type: v.literal('listModels'), providerId: id }),
  v.strictObject({
    type: v.literal('options'),
    options: v.strictObject({
      temperature: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
      maxTokens: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200_000))),
      stopSequences: v.optional(v.pipe(v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(1000))), v.maxLength(100))),
      reasoningLevel: v.optional(id),
    }),
  }),
  v.strictObject({ type: v.literal('fallbacks'), fallbacks: v.pipe(v.array(choice), v.maxLength(100)) }),
  v.strictObject({ type: v.literal('copy'), text }),
  v.strictObject({ type: v.literal('insert'), text }),
  v.strictObject({ type: v.literal('applyCode'), text, info }),
  v.strictObject({ type: v.literal('newFile'), text, info }),
  v.strictObject({ type: v.literal('preview'), text }),
  v.strictObject({ type: v.literal('openLink'), href: v.pipe(v.string(), v.maxLength(8000)) }),
  v.strictObject({ type: v.literal('newOfTemplate'), templateId: id, mode: v.picklist(modes) }),
  v.strictObject({ type: v.literal('tryTemplate') }),
  v.strictObject({
    type: v.literal('help'),
    action: v.picklist([
      'setKey',
      'signInProvider',
      'allowKey',
      'enableProvider',
      'openSettings',
      'signInClaude',
      'chooseProvider',
      'unlockVault',
      'startOllama',
      'manageProviders',
      'openLog',
      'restartSidecar',
      'manageTrust',
    ]),
    providerId: v.optional(id),
  }),
  fromComposer,
  ...fromAgents,
  ...steeringFromPage,
]) satisfies v.GenericSchema<unknown, FromPage>;

/** A message of the page, or undefined when it is not one. The page shows what models wrote, so nothing of it is taken on trust. */
export function readFromPage(message: unknown): FromPage | undefined {
  const parsed = v.safeParse(fromPage, message);
  return parsed.success ? parsed.output : undefined;
}

const pageState = v.object({ codexId: v.pipe(v.string(), v.regex(talk)) });

/** The chat that a restored panel shows, or undefined when its state says nothing of use. */
export function readRestoredChat(state: unknown): PageState['codexId'] | undefined {
  const parsed = v.safeParse(pageState, state);
  return parsed.success ? parsed.output.codexId : undefined;
}
