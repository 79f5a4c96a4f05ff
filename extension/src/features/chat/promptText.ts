import type { PromptHoleView } from '../../protocol/protocol.generated';

/** A prompt as it goes into the composer: with what the editor shows in place of its selection and its file. What is not there stays as written, and so do arguments. */
export function promptText(text: string, holes: readonly PromptHoleView[], editor: { selection?: string; file?: string }): string {
  let filled = '';
  let at = 0;
  for (const { name, start, length } of holes) {
    const value = name === 'file' ? editor.file : name === 'selection' ? editor.selection : undefined;
    filled += text.slice(at, start) + (value ?? text.slice(start, start + length));
    at = start + length;
  }
  return filled + text.slice(at);
}
