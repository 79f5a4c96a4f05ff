// The file that a block of code names as its own, as models write it.

export interface NamedCode {
  /** As written; nothing is known of it yet. */
  path?: string;
  /** Without the line that only named the file. */
  code: string;
}

/** Looks behind the opening fence (`ts src/date.ts`, `ts title="src/date.ts"`, `ts:src/date.ts`), then at a comment in the first line. */
export function namedFile(info: string, code: string): NamedCode {
  const behindFence = info
    .trim()
    .split(/(?:[\s={}]|:(?![\\/]))+/)
    .map((word) => word.replace(/^["']|["']$/g, ''))
    .find((word, index) => isPath(word) && (index > 0 || /[/\\]/.test(word)));
  const [, firstLine = '', rest = ''] = /^([^\n]*)\n?([^]*)$/.exec(code) ?? [];
  const comment = /^\s*(?:\/\/|#|--|;|%|<!--|\/\*)\s*(?:(?:file(?:name)?|path)\s*:\s*)?["'`]?([^"'`\s]+)["'`]?\s*(?:-->|\*\/)?\s*$/i.exec(
    firstLine,
  )?.[1];
  const inComment = comment !== undefined && isPath(comment) ? comment : undefined;
  const path = behindFence ?? inComment;
  return { ...(path === undefined ? {} : { path }), code: inComment === undefined || inComment !== path ? code : rest };
}

/** Something with an ending or a folder, and nothing that a path has not. */
function isPath(word: string): boolean {
  if (word.length > 400 || /[<>|*?"`$(){}[\],;\0]|:\/\//.test(word) || /^[.\d/\\]+$/.test(word)) return false;
  return /^[\w@./\\+~ -]*[\w@+-]$/.test(word) && (/\.[A-Za-z]\w{0,9}$/.test(word) || /[\w@.-]\/[\w@.-]/.test(word));
}
