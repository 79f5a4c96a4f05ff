import { beforeEach, expect, test } from 'vitest';
import * as v from 'valibot';
import { CancellationTokenSource } from 'vscode';
import { ResponseError } from 'vscode-jsonrpc';
import type { HostLanguageModelParams, HostModelEvent } from '../../../extension/src/protocol/protocol.generated';
import { askLanguageModel, hasOtherLanguageModels, listLanguageModels } from '../../../extension/src/server/languageModels';
import * as fake from '../testing/vscode';

type Ask = (messages: fake.LanguageModelChatMessage[], options: Record<string, unknown>, token: unknown) => Promise<unknown>;

const { LanguageModelTextPart, LanguageModelToolCallPart } = fake;

/** Adds a model that responds like this. */
function offer(ask: Ask, changes: Record<string, unknown> = {}): void {
  const model = {
    id: 'gpt-x',
    name: 'GPT X',
    vendor: 'copilot',
    family: 'gpt',
    version: '1',
    maxInputTokens: 64_000,
    ...changes,
    sendRequest: ask,
  };
  fake.languageModels.push(model);
}

function containing(text: string): unknown {
  return expect.stringContaining(text);
}

function result(callId: string, text: string): unknown {
  return expect.objectContaining({ callId, content: [new LanguageModelTextPart(text)] });
}

async function* each(...parts: unknown[]): AsyncGenerator {
  for (const part of parts) {
    await Promise.resolve();
    if (part instanceof Error) throw part;
    yield part;
  }
}

function params(changes: Partial<HostLanguageModelParams> = {}): HostLanguageModelParams {
  return {
    streamId: 's1',
    vendor: 'copilot',
    model: 'gpt-x',
    messages: [{ role: 'user', parts: [{ kind: 'text', text: 'Hi' }] }],
    tools: [],
    options: {},
    ...changes,
  };
}

async function ask(changes: Partial<HostLanguageModelParams> = {}, source = new CancellationTokenSource()): Promise<unknown> {
  const events: HostModelEvent[] = [];
  const emit = (event: HostModelEvent): Promise<void> => Promise.resolve(void events.push(event));
  const outcome = await askLanguageModel(params(changes), source.token, emit).then(
    ({ stopReason }) => stopReason,
    (error: unknown) => {
      if (!(error instanceof ResponseError)) throw error;
      const { kind } = v.parse(v.object({ kind: v.fallback(v.string(), '') }), error.data ?? {});
      return { code: error.code, kind, message: error.message };
    },
  );
  return { events, outcome };
}

beforeEach(() => fake.reset());

test('The models of one vendor are listed with the data of the editor', async () => {
  offer(() => Promise.reject(new Error('not asked')));
  offer(() => Promise.reject(new Error('not asked')), { id: 'other', vendor: 'someone' });
  offer(() => Promise.reject(new Error('not asked')), { id: 'new', capabilities: { supportsToolCalling: 12, supportsImageToText: false } });
  const { models } = await listLanguageModels({ vendor: 'copilot' });
  expect(models.map(({ id, supportsTools, supportsVision }) => [id, supportsTools, supportsVision])).toEqual([
    ['gpt-x', undefined, undefined],
    ['new', true, false],
  ]);
  expect(models[0]?.maxInputTokens).toBe(64_000);
});

test('Reports text in pieces and in order', async () => {
  offer((messages, options) => {
    expect(messages.map(({ role, content }) => [role, content])).toEqual([['user', [new LanguageModelTextPart('Hi')]]]);
    expect(options).toEqual({
      justification: 'Plue uses this model to respond in your chats.',
      modelOptions: { temperature: 0.5, max_tokens: 9 },
    });
    return Promise.resolve({ stream: each(new LanguageModelTextPart('Hello '), new LanguageModelTextPart('wörld')) });
  });
  expect(await ask({ options: { temperature: 0.5, maxTokens: 9 } })).toEqual({
    events: [
      { kind: 'text', text: 'Hello ' },
      { kind: 'text', text: 'wörld' },
    ],
    outcome: 'endTurn',
  });
});

test('Passes tools on, reports complete calls, and returns their results', async () => {
  offer((messages, options) => {
    expect(options['tools']).toEqual([{ name: 'read', description: 'Reads.', inputSchema: { type: 'object' } }]);
    expect(messages[1]?.content).toEqual([
      new LanguageModelTextPart('I look.'),
      new LanguageModelToolCallPart('c1', 'read', { path: 'a' }),
    ]);
    expect(messages[2]?.content).toEqual([result('c1', 'text of a')]);
    return Promise.resolve({ stream: each({ value: 'a thought' }, new LanguageModelToolCallPart('c2', 'read', { path: 'b' })) });
  });
  const received = await ask({
    messages: [
      { role: 'user', parts: [{ kind: 'text', text: 'Read' }] },
      {
        role: 'assistant',
        parts: [
          { kind: 'text', text: 'I look.' },
          { kind: 'toolUse', toolUseId: 'c1', toolName: 'read', parameters: '{"path":"a"}' },
        ],
      },
      { role: 'user', parts: [{ kind: 'toolResult', toolUseId: 'c1', text: 'text of a' }] },
    ],
    tools: [{ name: 'read', description: 'Reads.', schema: '{"type":"object"}' }],
  });
  expect(received).toEqual({
    events: [{ kind: 'toolCall', toolUseId: 'c2', toolName: 'read', parameters: '{"path":"b"}' }],
    outcome: 'toolUse',
  });
});

test.each([
  ['NoPermissions', 'permissionDenied', 'denied Plue access'],
  ['Blocked', 'spendLimit', 'quota'],
  ['NotFound', 'modelNotFound', 'no longer offers'],
  ['Unknown', 'badRequest', 'could not send the request to gpt-x: “too long”'],
])('A refusal with %s is a failure of the kind %s', async (code, kind, words) => {
  offer(() => Promise.reject(Object.assign(new Error('too long'), { code })));
  expect(await ask()).toMatchObject({ outcome: { kind, message: containing(words) } });
});

test('Reports a refusal without a message without quotes', async () => {
  offer(() => Promise.reject(new Error(' ')));
  expect(await ask()).toMatchObject({
    outcome: { kind: 'badRequest', message: 'VS Code could not send the request to gpt-x. Try again, or choose another model.' },
  });
});

test('Keeps the reported text after an error', async () => {
  offer(() => Promise.resolve({ stream: each(new LanguageModelTextPart('Half'), Object.assign(new Error('gone'), { code: 'Blocked' })) }));
  expect(await ask()).toMatchObject({ events: [{ kind: 'text', text: 'Half' }], outcome: { kind: 'spendLimit' } });
});

test('Stops the model and reports nothing more', async () => {
  const source = new CancellationTokenSource();
  offer((_messages, _options, token) => {
    expect(token).toBe(source.token);
    return Promise.resolve({
      stream: (async function* () {
        yield new LanguageModelTextPart('one');
        source.cancel();
        await Promise.resolve();
        yield new LanguageModelTextPart('two');
      })(),
    });
  });
  expect(await ask({}, source)).toMatchObject({ events: [{ kind: 'text', text: 'one' }], outcome: { code: -32800 } });
});

test('A model is found by its family too, and a missing one is reported with the existing ones', async () => {
  offer(() => Promise.resolve({ stream: each(new LanguageModelTextPart('yes')) }));
  expect(await ask({ model: 'gpt' })).toMatchObject({ outcome: 'endTurn' });
  expect(await ask({ model: 'nobody' })).toMatchObject({ outcome: { kind: 'modelNotFound', message: containing('Available: gpt-x.') } });
  fake.reset();
  expect(await ask()).toMatchObject({ outcome: { kind: 'modelNotFound', message: containing('Install GitHub Copilot') } });
});

test('Models of all vendors are listed without those of Plue, which are not asked either', async () => {
  const never: Ask = () => Promise.reject(new Error('It was asked.'));
  offer(never);
  offer(never, { vendor: 'plue', id: 'house/small' });
  expect(await hasOtherLanguageModels()).toBe(false);
  offer(never, { vendor: 'acme', id: 'large' });
  expect(await hasOtherLanguageModels()).toBe(true);
  const { models } = await listLanguageModels({ vendor: undefined });
  expect(models.map(({ vendor, id }) => `${vendor}/${id}`)).toEqual(['copilot/gpt-x', 'acme/large']);
  await expect(
    askLanguageModel(params({ vendor: 'plue', model: 'house/small' }), new CancellationTokenSource().token, () => Promise.resolve()),
  ).rejects.toThrow('a model of Plue itself');
});
