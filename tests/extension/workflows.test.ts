import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const folder = '.github/workflows';
const step = v.looseObject({
  uses: v.optional(v.string()),
  run: v.optional(v.string()),
  env: v.optional(v.record(v.string(), v.string()), {}),
  with: v.optional(v.record(v.string(), v.unknown()), {}),
});
const job = v.looseObject({
  environment: v.optional(v.string()),
  permissions: v.optional(v.record(v.string(), v.string())),
  strategy: v.optional(v.looseObject({ matrix: v.record(v.string(), v.unknown()) })),
  steps: v.array(step),
});
const workflow = v.looseObject({
  on: v.record(v.string(), v.unknown()),
  permissions: v.record(v.string(), v.string()),
  jobs: v.record(v.string(), job),
});
const read = (name: string): v.InferOutput<typeof workflow> => v.parse(workflow, parse(readFileSync(join(folder, name), 'utf8')));

describe('SEC-59', () => {
  const files = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  const steps = files.flatMap((name) => Object.values(read(name).jobs).flatMap((each) => each.steps));

  test('SEC-59 A job that holds secrets runs only what was released', () => {
    expect(files).toEqual(expect.arrayContaining(['release.yml', 'test.yml']));
    for (const name of files) {
      const text = readFileSync(join(folder, name), 'utf8');
      const { on, permissions, jobs } = read(name);
      expect(permissions, name).toEqual({ contents: 'read' });
      expect(Object.keys(on), name).not.toContain('pull_request_target');
      expect(Object.keys(on), name).not.toContain('workflow_run');
      if (!/\bsecrets\.|github\.token/.test(text)) continue;
      expect(on, name).toEqual({ push: { tags: ['v*'] } });
      for (const [title, each] of Object.entries(jobs)) {
        const trusted = /secrets\.|github\.token/.test(JSON.stringify(each)) || Object.values(each.permissions ?? {}).includes('write');
        if (trusted) expect(each.environment, title).toBe('release');
      }
    }
  });

  test('SEC-59 No external text reaches a command, and every action is pinned to a commit', () => {
    for (const { uses, run } of steps) {
      if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@[0-9a-f]{40}$/);
      const inserted = [...(run ?? '').matchAll(/\$\{\{(.*?)\}\}/g)].map(([, words]) => words?.trim());
      for (const words of inserted) expect(['matrix.target', 'needs.targets.outputs.pre-release']).toContain(words);
    }
  });

  test('SEC-59 A checkout leaves no credentials behind', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.length).toBeGreaterThan(3);
    for (const checkout of checkouts) expect(checkout.with['persist-credentials']).toBe(false);
  });
});
