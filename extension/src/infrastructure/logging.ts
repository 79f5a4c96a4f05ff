/** The members of VS Code's LogOutputChannel that Plue uses. */
export interface Log {
  trace(message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export type LogLevel = keyof Log;

const prefixes = new Map<string, LogLevel>([
  ['trce', 'trace'],
  ['dbug', 'debug'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['fail', 'error'],
  ['crit', 'error'],
]);

/** Reads the level at the start of each line of the sidecar's log. A line without a level continues the previous entry. */
export class SidecarLines {
  private level: LogLevel = 'info';

  /** `begins` is true for the first line of an entry. */
  read(line: string): { level: LogLevel; text: string; begins: boolean } {
    const match = /^([a-z]{4}): ?(.*)$/s.exec(line);
    const level = match?.[1] === undefined ? undefined : prefixes.get(match[1]);
    if (level !== undefined) {
      this.level = level;
      return { level, text: match?.[2] ?? '', begins: true };
    }
    // A runtime that ends with an exception writes no level.
    if (/^(Unhandled exception|Fatal error|You must install)/.test(line)) {
      this.level = 'error';
      return { level: 'error', text: line, begins: true };
    }
    return { level: this.level, text: line, begins: false };
  }
}

/**
 * Removes secrets from the protocol trace. Entries of `vault/*` keep only their first line, since the rest contains a secret; a JSON entry
 * keeps only the kind of the message.
 */
export function maskTrace(entry: string): string {
  if (entry.startsWith('{')) return maskJson(entry);
  const end = entry.indexOf('\n');
  const head = end < 0 ? entry : entry.slice(0, end);
  return /'vault\//.test(head) ? `${head} (masked)` : entry;
}

function maskJson(entry: string): string {
  const type = /"type":"([a-z-]+)"/.exec(entry)?.[1] ?? 'message';
  return `${type} (masked: use the text format)`;
}

const writers: ReadonlySet<PropertyKey> = new Set(['trace', 'debug', 'info', 'warn', 'error', 'append', 'appendLine']);

/** Wraps a channel and masks all text. */
export function maskedChannel<T extends object>(channel: T): T {
  return new Proxy(channel, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => Reflect.apply(value, target, writers.has(key) ? args.map(maskArgument) : args);
    },
  });
}

function maskArgument(argument: unknown): unknown {
  return typeof argument === 'string' ? maskTrace(argument) : argument;
}
