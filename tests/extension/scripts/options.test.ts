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

test.each([
  ['bench', '--only', 'nothing'],
  ['faults', '--only', 'NOTHING'],
  ['look', 'nothing'],
  ['new', 'nothing'],
  ['package', 'nothing'],
  ['start', '--port', 'nothing'],
  ['test', '--only', 'nothing'],
  ['test', '--shard', '5/4'],
])(
  '%s answers the wrong value %s %s with one sentence and its usage',
  (name, ...values) => {
    const { status, stderr } = spawnSync(process.execPath, [`scripts/${name}.mjs`, ...values], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^[^\\n]+\\.\\n\\n\`npm (run )?${name}\\b`));
    expect(stderr).not.toContain('    at ');
  },
  60_000,
);
