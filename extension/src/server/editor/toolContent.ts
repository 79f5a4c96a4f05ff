// The text of results of language model tools.
import * as vscode from 'vscode';

/** Undefined for parts without text. */
export function textOf(part: unknown): string | undefined {
  if (part instanceof vscode.LanguageModelTextPart) return part.value;
  return typeof part === 'object' && part !== null && 'value' in part ? texts(part.value).join('') : undefined;
}

/** Collects the texts of a rendered prompt, a tree of nodes. */
function texts(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(texts);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => (key === 'text' && typeof value === 'string' ? [value] : texts(value)));
}
