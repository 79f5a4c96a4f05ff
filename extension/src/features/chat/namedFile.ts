// Finds the file name that a model provides for a code block.

export interface NamedCode {
  /** The path as written, not validated. */
  path?: string;
  /** The code, without a first line that has only the file name. */
  code: string;
}

/** Checks the text after the opening fence (`ts src/date.ts`, `ts title="src/date.ts"`, `ts:src/date.ts`), then a comment in the first line. */
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

/** Accepts names that have an extension or a folder and only characters that occur in paths. */
function isPath(word: string): boolean {
  if (word.length > 400 || /[<>|*?"`$(){}[\],;\0]|:\/\//.test(word) || /^[.\d/\\]+$/.test(word)) return false;
  return /^[\w@./\\+~ -]*[\w@+-]$/.test(word) && (/\.[A-Za-z]\w{0,9}$/.test(word) || /[\w@.-]\/[\w@.-]/.test(word));
}
