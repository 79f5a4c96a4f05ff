import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as v from 'valibot';

const { scripts } = v.parse(v.object({ scripts: v.record(v.string(), v.string()) }), JSON.parse(readFileSync('package.json', 'utf8')));
const files = Object.values(scripts).flatMap((command) => /^node (scripts\/\w+\.mjs)/.exec(command)?.[1] ?? []);
// Its options are those of the program that it starts.
const own = [...new Set(files)].filter((file) => file !== 'scripts/plue.mjs');

test.each(own)(
  '%s answers a wrong option with one sentence and its usage',
  (file) => {
    const { status, stderr } = spawnSync(process.execPath, [file, '--no-such-option'], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^Unknown option '--no-such-option'.*\n\n.*`npm /);
    expect(stderr).not.toContain('    at ');
  },
  60_000,
);

test('The benchmark answers a part that it does not have with one sentence and its usage', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/bench.mjs', '--only', 'nothing'], { encoding: 'utf8' });
  expect(status).toBe(1);
  expect(stderr).toMatch(/^There is no part 'nothing' of the benchmark: .*\n\n`npm run bench`/);
}, 60_000);
