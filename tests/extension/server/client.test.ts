// The client with the real library and real processes. The library loads VS Code by `require`, so the test program is bundled with
// a fake and runs in a separate process.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';

const testing = resolve('tests/extension/testing');
const folder = mkdtempSync(join(tmpdir(), 'plue-client-'));
const story = join(folder, 'story.cjs');

beforeAll(async () => {
  await build({
    entryPoints: [join(testing, 'clientStory.ts')],
    outfile: story,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    alias: { vscode: join(testing, 'anyVscode.ts') },
    logLevel: 'warning',
  });
}, 30_000);

async function tell(mode: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [story, join(testing, 'crashySidecar.mjs'), join(folder, mode), mode], {
    timeout: 30_000,
  });
  return stdout.trim().split('\n');
}

test(
  'A sidecar that crashes is started again three times, then shows its cause, and starts anew when the user asks',
  { timeout: 40_000 },
  async () => {
    const lines = await tell('crashing');
    const again = ['state starting', 'state running', 'started'];
    expect(lines.filter((line) => line.startsWith('state') || line === 'started')).toEqual([
      ...['state running', 'started'],
      ...again,
      ...again,
      ...again,
      ...['state starting', 'state stopped'],
      ...again,
      'state stopped',
    ]);
    expect(lines.filter((line) => line.includes('code 7'))).toHaveLength(4);
    expect(lines).toContain('error: The Plue sidecar exited with code 7. It hurts.');
    // Parameters are sent as one object.
    expect(lines.join('\n')).toContain('received":["{\\"collection\\":\\"chats\\"}"');
    // Runs in the user's home, never in the open folder.
    expect(lines.join('\n')).toContain(`"in ${homedir()}"`);
    // The sidecar can also send requests.
    expect(lines.join('\n')).toContain('"0 models"');
    // Pending requests are rejected, and notifications of each new process arrive.
    expect(lines.filter((line) => line.startsWith('refused: '))).toHaveLength(4);
    expect(lines.filter((line) => line.startsWith('changed'))).toEqual([1, 4, 5].map((start) => `changed codex://chats/start-${start}`));
  },
);

test('A sidecar that fails at every start is given up with its last output', { timeout: 40_000 }, async () => {
  const lines = await tell('dead');
  expect(lines.filter((line) => line.includes('code 3'))).toHaveLength(4);
  expect(lines.slice(-2)).toEqual([
    'state stopped',
    'refused: The Plue sidecar is not running. Restart it, or check the log for the cause.',
  ]);
  expect(lines).toContain('error: The Plue sidecar exited with code 3. The data folder is read-only.');
});

test('Two who ask for a restart at once get one sidecar, and none is started once it was stopped', { timeout: 40_000 }, async () => {
  const lines = await tell('asked');
  const again = ['state starting', 'state running', 'started'];
  expect(lines.filter((line) => line.startsWith('state') || line === 'started')).toEqual([
    ...['state running', 'started'],
    ...again,
    ...['state starting', 'state stopped'],
  ]);
  expect(lines.filter((line) => line.startsWith('changed'))).toEqual([1, 2].map((start) => `changed codex://chats/start-${start}`));
  expect(readFileSync(join(folder, 'asked'), 'utf8')).toHaveLength(2);
});

test('A sidecar that no longer reads is restarted, regardless of requests that fail meanwhile', { timeout: 40_000 }, async () => {
  const lines = await tell('deaf');
  const states = lines.filter((line) => line.startsWith('state') || line === 'started');
  expect(states).toEqual(['state running', 'started', 'state starting', 'state running', 'started', 'state stopped']);
});

test('A sidecar with running work is ended by a restart, and continues when the window closes', { timeout: 40_000 }, async () => {
  await tell('busy');
  expect(readFileSync(join(folder, 'busy'), 'utf8')).toBe('.. done');
});
