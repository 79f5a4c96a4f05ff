// The tests inside the real extension host: VS Code calls `run` after it loaded the extension under development.
// Results are written to the file in PLUE_TEST_RESULTS, because output differs between kinds of VS Code.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { tests } from './tests';

interface Result {
  name: string;
  outcome: 'passed' | 'failed';
  reason?: string;
}

const timeout = 30_000;

export async function run(): Promise<void> {
  const results: Result[] = [];
  for (const [sentence, test] of Object.entries(tests)) {
    results.push(await resultOf(`inHost: ${sentence}`, test));
    write(results);
  }
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  if (failed.length > 0) throw new Error(failed.map(({ name, reason }) => `${name}\n${reason ?? ''}`).join('\n'));
}

async function resultOf(name: string, test: () => Promise<void>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not done after ${timeout / 1000} s.`)), timeout);
  });
  try {
    await Promise.race([test(), late]);
    return { name, outcome: 'passed' };
  } catch (error) {
    return { name, outcome: 'failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

function write(results: Result[]): void {
  const file = process.env['PLUE_TEST_RESULTS'];
  if (file === undefined) throw new Error('PLUE_TEST_RESULTS names no file for the results.');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(results, null, 2));
}
