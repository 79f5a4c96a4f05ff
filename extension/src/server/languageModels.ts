// Gives the sidecar access to the language models of VS Code.
import * as l10n from '../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { ResponseError } from 'vscode-jsonrpc';
import type {
  ErrorData,
  HostLanguageModelParams,
  HostLanguageModelResult,
  HostLanguageModelsParams,
  HostLanguageModelsResult,
  HostMessage,
  HostModelEvent,
  HostModelOptions,
  HostPart,
} from '../protocol/protocol.generated';

const requestFailed = -32803;
const requestCancelled = -32800;
const justification = l10n.t('Plue uses this model to respond in your chats.');

const capabilities = v.object({
  capabilities: v.object({ supportsToolCalling: v.optional(v.unknown()), supportsImageToText: v.optional(v.boolean()) }),
});

/** Plue's own models in VS Code. Using them would cause a loop. */
const ownVendor = 'plue';
const copilot = 'copilot';

/** The provider type for the models of all vendors. */
export const editorModelsKind = 'vscode';

/** True if VS Code has models that only the provider type `vscode` can use. */
export async function hasOtherLanguageModels(): Promise<boolean> {
  return (await select({})).some(({ vendor }) => vendor !== copilot);
}

/** Empty if this editor has no language models. */
export async function listLanguageModels({ vendor }: HostLanguageModelsParams): Promise<HostLanguageModelsResult> {
  return {
    models: (await select(vendor === undefined ? {} : { vendor })).map((model) => {
      const said = v.safeParse(capabilities, model);
      return {
        id: model.id,
        name: model.name,
        vendor: model.vendor,
        family: model.family,
        version: model.version,
        maxInputTokens: model.maxInputTokens,
        supportsTools: said.success ? Boolean(said.output.capabilities.supportsToolCalling) : undefined,
        supportsVision: said.success ? said.output.capabilities.supportsImageToText : undefined,
      };
    }),
  };
}

/** Passes the model's output to `emit`, in order. Rejects with a ResponseError that the sidecar understands. */
export async function askLanguageModel(
  params: HostLanguageModelParams,
  token: vscode.CancellationToken,
  emit: (event: HostModelEvent) => Promise<void>,
): Promise<HostLanguageModelResult> {
  try {
    const model = await find(params);
    // On first use, VS Code asks the user for permission here.
    const response = await model.sendRequest(params.messages.map(toMessage), toOptions(params), token);
    let called = false;
    for await (const part of response.stream) {
      const event = toEvent(part);
      if (token.isCancellationRequested) break;
      if (event === undefined) continue;
      called ||= event.kind === 'toolCall';
      await emit(event);
    }
    if (token.isCancellationRequested) throw new ResponseError(requestCancelled, l10n.t('The response was stopped.'));
    return { stopReason: called ? 'toolUse' : 'endTurn' };
  } catch (error) {
    if (token.isCancellationRequested) throw new ResponseError(requestCancelled, l10n.t('The response was stopped.'));
    throw toResponseError(error, params.model);
  }
}

async function select(selector: vscode.LanguageModelChatSelector): Promise<readonly vscode.LanguageModelChat[]> {
  // Editors based on VS Code may lack this API.
  const lm: unknown = Reflect.get(vscode, 'lm');
  if (lm === undefined) return [];
  return (await vscode.lm.selectChatModels(selector)).filter(({ vendor }) => vendor !== ownVendor);
}

async function find({ vendor, model }: HostLanguageModelParams): Promise<vscode.LanguageModelChat> {
  if (vendor === ownVendor) throw failure('badRequest', l10n.t('This is a model of Plue itself. Choose another model.'));
  const [found] = [...(await select({ vendor, id: model })), ...(await select({ vendor, family: model }))];
  if (found) return found;
  const names = (await select({ vendor })).map(({ id }) => id);
  const install =
    vendor === copilot
      ? l10n.t('Install GitHub Copilot and sign in to it.')
      : l10n.t('Install the extension that offers it, and sign in there.');
  const way = names.length === 0 ? install : l10n.t('Available: {0}.', names.slice(0, 5).join(', '));
  throw failure('modelNotFound', l10n.t('VS Code does not offer the model {0}. {1}', model, way));
}

function toMessage({ role, parts }: HostMessage): vscode.LanguageModelChatMessage {
  return role === 'user'
    ? vscode.LanguageModelChatMessage.User(parts.filter((part) => part.kind !== 'toolUse').map(toResultPart))
    : vscode.LanguageModelChatMessage.Assistant(parts.filter((part) => part.kind === 'text' || part.kind === 'toolUse').map(toCallPart));
}

function toResultPart(
  part: Exclude<HostPart, { kind: 'toolUse' }>,
): vscode.LanguageModelTextPart | vscode.LanguageModelDataPart | vscode.LanguageModelToolResultPart {
  if (part.kind === 'image') return vscode.LanguageModelDataPart.image(Buffer.from(part.data, 'base64'), part.mediaType);
  const text = new vscode.LanguageModelTextPart(part.text);
  return part.kind === 'text' ? text : new vscode.LanguageModelToolResultPart(part.toolUseId, [text]);
}

function toCallPart(
  part: Extract<HostPart, { kind: 'text' | 'toolUse' }>,
): vscode.LanguageModelTextPart | vscode.LanguageModelToolCallPart {
  return part.kind === 'text'
    ? new vscode.LanguageModelTextPart(part.text)
    : new vscode.LanguageModelToolCallPart(part.toolUseId, part.toolName, parsed(part.parameters));
}

function toOptions({ tools, options }: HostLanguageModelParams): vscode.LanguageModelChatRequestOptions {
  const given = tools.map(({ name, description, schema }) => ({ name, description, inputSchema: parsed(schema) }));
  return { justification, modelOptions: toModelOptions(options), ...(given.length > 0 ? { tools: given } : {}) };
}

/** Uses the names of the model APIs; VS Code passes them through. */
function toModelOptions(options: HostModelOptions): Record<string, unknown> {
  const named = {
    temperature: options.temperature,
    max_tokens: options.maxTokens,
    stop: options.stopSequences,
    reasoning_effort: options.reasoningLevel,
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** Returns undefined for parts that the sidecar does not support, such as thinking. */
function toEvent(part: unknown): HostModelEvent | undefined {
  if (part instanceof vscode.LanguageModelTextPart) return { kind: 'text', text: part.value };
  if (!(part instanceof vscode.LanguageModelToolCallPart)) return undefined;
  return { kind: 'toolCall', toolUseId: part.callId, toolName: part.name, parameters: JSON.stringify(part.input) };
}

/** The sidecar sends only complete JSON objects. */
function parsed(json: string): object {
  const value: unknown = JSON.parse(json);
  return typeof value === 'object' && value !== null ? value : {};
}

function toResponseError(error: unknown, model: string): ResponseError<ErrorData> {
  if (error instanceof ResponseError) return failure(kindOf(error), error.message);
  const { code, message } = v.parse(
    v.fallback(v.object({ code: v.fallback(v.string(), ''), message: v.string() }), { code: '', message: String(error) }),
    error,
  );
  const said = message.trim() === '' ? code : message.slice(0, 300);
  switch (code) {
    case 'NoPermissions':
      return failure(
        'permissionDenied',
        l10n.t('VS Code denied Plue access to this model. Send the message again and allow access, or change it in the Accounts menu.'),
      );
    case 'Blocked':
      return failure(
        'spendLimit',
        l10n.t('VS Code blocked the request: “{0}”. Your plan’s quota may be used up. Choose another model or provider.', said),
      );
    case 'NotFound':
      return failure('modelNotFound', l10n.t('VS Code no longer offers the model {0}. Choose another model.', model));
    default:
      if (said === '')
        return failure('badRequest', l10n.t('VS Code could not send the request to {0}. Try again, or choose another model.', model));
      return failure(
        'badRequest',
        l10n.t('VS Code could not send the request to {0}: “{1}”. Try again, or choose another model.', model, said),
      );
  }
}

function kindOf(error: ResponseError<unknown>): string {
  return v.parse(v.fallback(v.object({ kind: v.string() }), { kind: 'badRequest' }), error.data).kind;
}

function failure(kind: string, message: string): ResponseError<ErrorData> {
  return new ResponseError(requestFailed, message, { kind });
}
