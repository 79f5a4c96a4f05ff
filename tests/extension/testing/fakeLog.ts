import { vi } from 'vitest';
import type { LogOutputChannel } from 'vscode';
import * as v from 'valibot';

/** Stores the lines that are logged. */
export function fakeLog(): { log: LogOutputChannel; lines: string[] } {
  const lines: string[] = [];
  const write = vi.fn((line: string) => void lines.push(line));
  const log = v.parse(
    v.custom<LogOutputChannel>(() => true),
    { trace: write, debug: write, info: write, warn: write, error: write, show: () => undefined },
  );
  return { log, lines };
}
