// Converts the name of a field to its label.
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

/** Converts `timeout_ms` to "Timeout (ms)", and `usd` to "USD". */
export function labelOf(name: string): string {
  const words = name
    .split(/[_.]/)
    .map((word) => initials[word] ?? word)
    .filter((word) => word !== '')
    .join(' ');
  const alone = /^\((.*)\)$/.exec(words)?.[1] ?? words;
  return alone.charAt(0).toUpperCase() + alone.slice(1);
}
