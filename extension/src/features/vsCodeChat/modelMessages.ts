import * as vscode from 'vscode';
import type { HostImage, HostMessage, HostPart, HostTool } from '../../protocol/protocol.generated';

/** The role of system messages is not part of VS Code's public API. */
export function systemOf(messages: readonly vscode.LanguageModelChatRequestMessage[]): string | undefined {
  const texts = messages.filter(isSystem).map(({ content }) => textOf(content));
  return texts.length === 0 ? undefined : texts.join('\n\n');
}

export function toMessages(messages: readonly vscode.LanguageModelChatRequestMessage[]): HostMessage[] {
  return messages
    .filter((message) => !isSystem(message))
    .map(({ role, content }): HostMessage => ({ role: roleOf(role), parts: content.flatMap(toParts) }))
    .filter(({ parts }) => parts.length > 0);
}

export function toTools(tools: readonly vscode.LanguageModelChatTool[] | undefined): HostTool[] {
  return (tools ?? []).map(({ name, description, inputSchema }) => ({
    name,
    description,
    schema: JSON.stringify(inputSchema ?? { type: 'object', properties: {} }),
  }));
}

/** Returns the text of all parts that have text. VS Code's own tools return trees of text. */
export function textOf(content: Iterable<unknown>): string {
  return [...content].map(textOfPart).join('');
}

function textOfPart(part: unknown): string {
  if (part instanceof vscode.LanguageModelTextPart) return part.value;
  if (part instanceof vscode.LanguageModelPromptTsxPart) return textOfTree(part.value);
  if (part instanceof vscode.LanguageModelDataPart && part.mimeType.startsWith('text/')) return new TextDecoder().decode(part.data);
  return '';
}

function textOfTree(node: unknown): string {
  if (Array.isArray(node)) return node.map(textOfTree).join('');
  if (typeof node !== 'object' || node === null) return '';
  const { text } = { text: undefined, ...node };
  return typeof text === 'string' ? text : Object.values(node).map(textOfTree).join('');
}

function isSystem({ role }: vscode.LanguageModelChatRequestMessage): boolean {
  return role !== vscode.LanguageModelChatMessageRole.User && role !== vscode.LanguageModelChatMessageRole.Assistant;
}

function roleOf(role: vscode.LanguageModelChatMessageRole): HostMessage['role'] {
  return role === vscode.LanguageModelChatMessageRole.Assistant ? 'assistant' : 'user';
}

/** Parts that models do not support, such as VS Code's cache markers, are omitted. */
function toParts(part: unknown): HostPart[] {
  if (part instanceof vscode.LanguageModelToolCallPart) {
    return [{ kind: 'toolUse', toolUseId: part.callId, toolName: part.name, parameters: JSON.stringify(part.input) }];
  }
  if (part instanceof vscode.LanguageModelToolResultPart) {
    return [{ kind: 'toolResult', toolUseId: part.callId, text: textOf(part.content) }, ...part.content.flatMap(imageOf)];
  }
  const text = textOfPart(part);
  return text === '' ? imageOf(part) : [{ kind: 'text', text }];
}

function imageOf(part: unknown): ({ kind: 'image' } & HostImage)[] {
  if (!(part instanceof vscode.LanguageModelDataPart) || !part.mimeType.startsWith('image/')) return [];
  return [{ kind: 'image', mediaType: part.mimeType, data: Buffer.from(part.data).toString('base64') }];
}
