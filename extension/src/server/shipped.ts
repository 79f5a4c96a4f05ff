// URIs of built-in documents, which have no file and open read-only.

export const shippedScheme = 'plue-codex';

/** Returns the path `/prompts/x.md` for `codex://prompts/x` or `codex://prompts/x.md`. Its extension selects the language mode. */
export function shippedPath(uri: string): string {
  const [collection = '', name = ''] = uri.slice('codex://'.length).split('/');
  const ending = collection === 'prompts' ? '.md' : '.json5';
  return `/${collection}/${name.endsWith(ending) ? name : name + ending}`;
}
