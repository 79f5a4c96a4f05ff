import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { randomUUID } from 'node:crypto';
import { priceText } from '../../common/format';
import { Disposables } from '../../infrastructure/disposables';
import { type ModelView, modelSendRequest, modelList, type ModelProvider } from '../../protocol/protocol.generated';
import type { ModelChoice } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { systemOf, textOf, toMessages, toTools } from './modelMessages';

/** Maximum per provider: VS Code shows all models in one list, and some vendors have hundreds. */
const maxModels = 20;
const unknownContext = 32_000;
const unknownOutput = 8_000;
const charactersPerToken = 4;

export interface OfferedModel extends vscode.LanguageModelChatInformation {
  readonly providerId: string;
  readonly model: string;
}

/** Offers models of Plue's providers in VS Code's own chat. */
export class PlueModels implements vscode.LanguageModelChatProvider<OfferedModel>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly disposables = new Disposables();

  readonly onDidChangeLanguageModelChatInformation = this.changed.event;

  /** @param recent Recently used models. */
  constructor(
    private readonly sidecar: Sidecar,
    private readonly recent: () => readonly ModelChoice[],
  ) {
    this.disposables.add(this.changed);
    this.disposables.add(sidecar.onProviderChanged(() => this.changed.fire()));
    this.disposables.add(sidecar.onDidStart(() => this.changed.fire()));
  }

  async provideLanguageModelChatInformation(): Promise<OfferedModel[]> {
    // VS Code asks when it starts; models are reported when the sidecar runs.
    if (this.sidecar.state.state !== 'running') return [];
    const { providers } = await this.sidecar.request(modelList, {});
    return providers.flatMap((provider) => offered(provider, this.recent()));
  }

  async provideLanguageModelChatResponse(
    { providerId, model }: OfferedModel,
    messages: readonly vscode.LanguageModelChatRequestMessage[],
    { tools, toolMode }: vscode.ProvideLanguageModelChatResponseOptions,
    progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    token: vscode.CancellationToken,
  ): Promise<void> {
    if (toolMode === vscode.LanguageModelChatToolMode.Required) {
      throw new Error(l10n.t('Models of Plue cannot be required to call a tool. Send the request without that requirement.'));
    }
    const streamId = randomUUID();
    const system = systemOf(messages);
    const listening = this.sidecar.onModelEvent(({ streamId: id, event }) => {
      if (id !== streamId) return;
      progress.report(
        event.kind === 'text'
          ? new vscode.LanguageModelTextPart(event.text)
          : new vscode.LanguageModelToolCallPart(event.toolUseId, event.toolName, objectIn(event.parameters)),
      );
    });
    try {
      const asked = { streamId, providerId, model, messages: toMessages(messages), tools: toTools(tools) };
      await this.sidecar.request(modelSendRequest, { ...asked, ...(system === undefined ? {} : { system }) }, token);
    } finally {
      listening.dispose();
    }
  }

  provideTokenCount(_: OfferedModel, text: string | vscode.LanguageModelChatRequestMessage): Promise<number> {
    const length = typeof text === 'string' ? text.length : textOf(text.content).length;
    return Promise.resolve(Math.ceil(length / charactersPerToken));
  }

  dispose(): void {
    this.disposables.dispose();
  }
}

/** Returns the provider's default model first, then recently used ones. */
function offered({ id, name, models }: ModelProvider, recent: readonly ModelChoice[]): OfferedModel[] {
  const used = recent.filter(({ providerId }) => providerId === id).map(({ model }) => model);
  const first = models.filter((model, at) => at === 0 || used.includes(model.id));
  return [...first, ...models.filter((model) => !first.includes(model))].slice(0, maxModels).map((model) => toInformation(id, name, model));
}

function toInformation(providerId: string, providerName: string, model: ModelView): OfferedModel {
  const output = model.maxOutput ?? unknownOutput;
  const price = priceText(model);
  return {
    id: `${providerId}/${model.id}`,
    providerId,
    model: model.id,
    name: model.name ?? model.id,
    family: model.id,
    version: '1',
    detail: providerName,
    tooltip: price === undefined ? l10n.t('{0} with Plue', providerName) : l10n.t('{0} with Plue, {1}', providerName, price),
    maxInputTokens: Math.max(1, (model.contextLength ?? unknownContext) - output),
    maxOutputTokens: output,
    capabilities: { toolCalling: model.supportsTools !== false, imageInput: model.supportsVision === true },
  };
}

/** The sidecar sends only complete JSON objects. */
function objectIn(json: string): object {
  const value: unknown = JSON.parse(json);
  return typeof value === 'object' && value !== null ? value : {};
}
