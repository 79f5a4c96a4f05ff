// Label of a field, from its name.
const initials: Readonly<Record<string, string>> = {
  id: 'ID',
  cli: 'CLI',
  ms: '(ms)',
  usd: '(USD)',
  url: 'URL',
  api: 'API',
  mcp: 'MCP',
  ref: '',
};

/** `timeout_ms` reads "Timeout (ms)", `usd` "USD". */
export function labelOf(name: string): string {
  const words = name
    .split(/[_.]/)
    .map((word) => initials[word] ?? word)
    .filter((word) => word !== '')
    .join(' ');
  const alone = /^\((.*)\)$/.exec(words)?.[1] ?? words;
  return alone.charAt(0).toUpperCase() + alone.slice(1);
}
