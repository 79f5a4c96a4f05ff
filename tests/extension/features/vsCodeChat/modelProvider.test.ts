import { beforeEach, describe, expect, it } from 'vitest';
import { CancellationTokenSource } from 'vscode';
import type * as vscode from 'vscode';
import { PlueModels } from '../../../../extension/src/features/vsCodeChat/modelProvider';
import { modelSendRequest, modelList } from '../../../../extension/src/protocol/protocol.generated';
import type { ModelSendRequestParams, ModelView } from '../../../../extension/src/protocol/protocol.generated';
import { FakeSidecar } from '../../testing/fakeSidecar';
import * as fake from '../../testing/vscode';

const { LanguageModelTextPart, LanguageModelToolCallPart, LanguageModelToolResultPart, LanguageModelDataPart, LanguageModelPromptTsxPart } =
  fake;
const priced: ModelView = { id: 'big', name: 'Big', inputPerMillion: 3, outputPerMillion: 15, contextLength: 200_000, maxOutput: 64_000 };

let sidecar: FakeSidecar;

function listOf(...models: ModelView[]): void {
  sidecar.answer(modelList, () => ({ providers: [{ id: 'anthropic', name: 'Anthropic', models }] }));
}

beforeEach(() => {
  sidecar = new FakeSidecar();
});

describe('The models for VS Code', () => {
  it('have the limits, the provider, and the price', async () => {
    listOf(priced);
    const [model] = await new PlueModels(sidecar, () => []).provideLanguageModelChatInformation();
    expect(model).toMatchObject({
      id: 'anthropic/big',
      name: 'Big',
      detail: 'Anthropic',
      maxInputTokens: 136_000,
      maxOutputTokens: 64_000,
      capabilities: { toolCalling: true, imageInput: false },
    });
    expect(model?.tooltip).toContain('$3 / $15');
  });

  it('are 20 of a provider, including the used ones', async () => {
    listOf(...Array.from({ length: 50 }, (_, at) => ({ id: `m${at}` })));
    const models = await new PlueModels(sidecar, () => [{ providerId: 'anthropic', model: 'm40' }]).provideLanguageModelChatInformation();
    expect(models.map(({ model }) => model).slice(0, 3)).toEqual(['m0', 'm40', 'm1']);
    expect(models).toHaveLength(20);
  });

  it('are none before the sidecar runs, and are listed again when it does', async () => {
    sidecar.state = { state: 'starting' };
    const models = new PlueModels(sidecar, () => []);
    let changes = 0;
    models.onDidChangeLanguageModelChatInformation(() => changes++);
    expect(await models.provideLanguageModelChatInformation()).toEqual([]);
    sidecar.started.fire();
    expect(changes).toBe(1);
  });
});

describe('A request that requires a tool call', () => {
  it('is refused before anything is sent', async () => {
    listOf(priced);
    const models = new PlueModels(sidecar, () => []);
    const [model] = await models.provideLanguageModelChatInformation();
    if (model === undefined) throw new Error('There is no model.');
    const options = { toolMode: fake.LanguageModelChatToolMode.Required, tools: [{ name: 'find', description: 'Finds files.' }] };
    const asking = models.provideLanguageModelChatResponse(model, [], options, { report: () => {} }, new CancellationTokenSource().token);
    await expect(asking).rejects.toThrow('cannot be required to call a tool');
  });
});

describe('A request of VS Code', () => {
  const message = (role: number, ...content: unknown[]): vscode.LanguageModelChatRequestMessage => ({ role, content, name: undefined });

  async function ask(messages: vscode.LanguageModelChatRequestMessage[]): Promise<{ sent: ModelSendRequestParams; reported: unknown[] }> {
    const reported: unknown[] = [];
    let sent: ModelSendRequestParams | undefined;
    listOf(priced);
    sidecar.answer(modelSendRequest, (params) => {
      sent = params;
      sidecar.modelEvent.fire({ streamId: 'another', event: { kind: 'text', text: 'Not this.' } });
      sidecar.modelEvent.fire({ streamId: params.streamId, event: { kind: 'text', text: 'Hello' } });
      sidecar.modelEvent.fire({
        streamId: params.streamId,
        event: { kind: 'toolCall', toolUseId: 't1', toolName: 'find', parameters: '{"name":"a"}' },
      });
      return { stopReason: 'toolUse' };
    });
    const models = new PlueModels(sidecar, () => []);
    const [model] = await models.provideLanguageModelChatInformation();
    if (model === undefined) throw new Error('There is no model.');
    await models.provideLanguageModelChatResponse(
      model,
      messages,
      { toolMode: 1, tools: [{ name: 'find', description: 'Finds files.', inputSchema: { type: 'object' } }] },
      { report: (part) => reported.push(part) },
      new CancellationTokenSource().token,
    );
    if (sent === undefined) throw new Error('Nothing was sent.');
    return { sent, reported };
  }

  it('reports texts and calls of its own response', async () => {
    const { reported } = await ask([message(1, new LanguageModelTextPart('Hi'))]);
    expect(reported).toEqual([new LanguageModelTextPart('Hello'), new LanguageModelToolCallPart('t1', 'find', { name: 'a' })]);
  });

  it('sends system messages, texts, images, calls, results of any form, and tools', async () => {
    const tree = { node: { children: [{ text: 'a.txt' }, { children: [{ text: ', b.txt' }] }] } };
    const { sent } = await ask([
      message(3, new LanguageModelTextPart('Be brief.')),
      message(1, new LanguageModelTextPart('Find it'), new LanguageModelDataPart(new Uint8Array([104, 105]), 'image/png')),
      message(2, new LanguageModelToolCallPart('t1', 'find', { name: 'a' })),
      message(1, new LanguageModelToolResultPart('t1', [new LanguageModelPromptTsxPart(tree)])),
      message(1, new LanguageModelDataPart(new Uint8Array([1]), 'cache_control')),
    ]);
    expect(sent).toMatchObject({
      providerId: 'anthropic',
      model: 'big',
      system: 'Be brief.',
      messages: [
        {
          role: 'user',
          parts: [
            { kind: 'text', text: 'Find it' },
            { kind: 'image', mediaType: 'image/png', data: 'aGk=' },
          ],
        },
        { role: 'assistant', parts: [{ kind: 'toolUse', toolUseId: 't1', toolName: 'find', parameters: '{"name":"a"}' }] },
        { role: 'user', parts: [{ kind: 'toolResult', toolUseId: 't1', text: 'a.txt, b.txt' }] },
      ],
      tools: [{ name: 'find', description: 'Finds files.', schema: '{"type":"object"}' }],
    });
  });
});
