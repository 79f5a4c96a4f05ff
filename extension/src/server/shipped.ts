// Addresses of what ships with Plue: it is in no file, and opens to be read.

export const shippedScheme = 'plue-codex';

/** Of `codex://prompts/x` or `codex://prompts/x.md` the path `/prompts/x.md`, whose ending colors the text. */
export function shippedPath(uri: string): string {
  const [collection = '', name = ''] = uri.slice('codex://'.length).split('/');
  const ending = collection === 'prompts' ? '.md' : '.json5';
  return `/${collection}/${name.endsWith(ending) ? name : name + ending}`;
}
