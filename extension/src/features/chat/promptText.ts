import type { PromptPlaceholderView } from '../../protocol/protocol.generated';

/** Fills the placeholders of a prompt with the editor's selection and file. Placeholders without a value stay as they are. */
export function promptText(text: string, holes: readonly PromptPlaceholderView[], editor: { selection?: string; file?: string }): string {
  let filled = '';
  let at = 0;
  for (const { name, start, length } of holes) {
    const value = name === 'file' ? editor.file : name === 'selection' ? editor.selection : undefined;
    filled += text.slice(at, start) + (value ?? text.slice(start, start + length));
    at = start + length;
  }
  return filled + text.slice(at);
}
