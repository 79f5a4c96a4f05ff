/** A prompt as it goes into the composer: without the fields at its top, and with what the editor shows in place of {{selection}} and {{file}}. What is not there stays as written. */
export function promptText(document: string, editor: { selection?: string; file?: string }): string {
  const body = document.replace(/^\uFEFF?---\r?\n[^]*?\r?\n---(?:\r?\n|$)/u, '').trim();
  return body.replace(
    /\{\{\s*(selection|file)\s*\}\}/gu,
    (written, name: string) => (name === 'file' ? editor.file : editor.selection) ?? written,
  );
}
