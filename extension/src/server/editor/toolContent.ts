// Results of tools and cells as text and images, with a size limit.
import * as vscode from 'vscode';
import type { HostToolContent } from '../../protocol/protocol.generated';

const maxText = 1_000_000;
const maxImages = 10;
const maxImageBytes = 5 * 1024 * 1024;

export function contentOf(mimeType: string, data: Uint8Array): HostToolContent {
  if (/^text\/|[/+]json$/.test(mimeType)) return { kind: 'text', text: new TextDecoder().decode(data) };
  if (mimeType.startsWith('image/') && data.byteLength <= maxImageBytes)
    return { kind: 'image', mediaType: mimeType, data: Buffer.from(data).toString('base64') };
  return { kind: 'text', text: `[Content of type ${mimeType} omitted: ${data.byteLength} bytes]` };
}

/** Truncates content, because a tool or cell can return any amount. */
export function limited(content: readonly HostToolContent[]): HostToolContent[] {
  let [text, images] = [0, 0];
  return content.flatMap((part): HostToolContent[] => {
    if (part.kind === 'image') return ++images <= maxImages ? [part] : [];
    const room = maxText - text;
    text += part.text.length;
    if (room <= 0) return [];
    return [
      part.text.length <= room ? part : { kind: 'text', text: `${part.text.slice(0, room)}\n[The rest was omitted: it is too long.]` },
    ];
  });
}

/** Undefined for parts without text. */
export function textOf(part: unknown): string | undefined {
  if (part instanceof vscode.LanguageModelTextPart) return part.value;
  return typeof part === 'object' && part !== null && 'value' in part ? texts(part.value).join('') : undefined;
}

/** Collects the texts of a rendered prompt, which is a tree of nodes. */
function texts(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(texts);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => (key === 'text' && typeof value === 'string' ? [value] : texts(value)));
}
