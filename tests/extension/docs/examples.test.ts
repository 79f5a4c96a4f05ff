// The examples in docs/headless.md: reads the files, and runs their shell commands, one job at a time, with the endpoint as the model.
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { root } from './documents';
import { DocumentShell, extendTimeouts, hasDocumentShell, list, record } from './shell';

extendTimeouts();

const examples = join(root, 'docs', 'examples');
const read = (path: string): unknown[] =>
  parseAllDocuments(readFileSync(join(examples, path), 'utf8')).map((document) => {
    expect(document.errors).toEqual([]);
    const value: unknown = document.toJS();
    return value;
  });

/** Steps that change the machine that runs the tests. */
const leftOut = new Set(["Let agents' commands have a sandbox"]);

let shell: DocumentShell;
beforeEach(async () => {
  shell = await DocumentShell.start();
  const { code, error } = await shell.run('git init -q . && git add -A && git -c user.name=a -c user.email=a@b.example commit -qm begin');
  expect({ code, error }).toEqual({ code: 0, error: '' });
  // The agent reports that it changed a file; the change is made when its job has its own copy.
  cpSync(join(examples, 'plue'), join(shell.workspace, '.plue'), { recursive: true });
  mkdirSync(join(shell.workspace, '.github'));
  cpSync(join(examples, 'policy.json5'), join(shell.workspace, '.github', 'plue-policy.json5'));
});
afterEach(() => shell.stop());

describe('The matrix of jobs', () => {
  const workflow = record(read('matrix.yml')[0]);
  const jobs = record(workflow['jobs']);
  const stepsOf = (job: string): Record<string, unknown>[] => list(record(jobs[job])['steps']).map(record);

  test('Text of models and users is not part of a script', () => {
    const scripts = Object.keys(jobs).flatMap((job) => stepsOf(job).map((step) => step['run']));
    expect(scripts.filter((script) => typeof script === 'string' && script.includes('${{'))).toEqual([]);
  });

  test.runIf(hasDocumentShell)('One plans, each of the matrix works, and one joins', { timeout: 240_000 }, async () => {
    const program = join(shell.folder, 'bin', 'plue');
    const common = {
      PLUE_URL: pathToFileURL(program).href,
      PLUE_SHA256: createHash('sha256').update(readFileSync(program)).digest('hex'),
      ANTHROPIC_API_KEY: 'a-key-of-nobody',
    };
    const planned = await work('plan', shell.workspace, { ...common, GOAL: 'Look at the dates.', USD: '2.00' });
    const goals = list(JSON.parse(planned['goals'] ?? ''));
    expect({ goals: goals.length, usd: planned['usd'] }).toEqual({ goals: 2, usd: '1' });

    const out = join(shell.folder, 'artifacts');
    mkdirSync(out);
    for (const [index, goal] of goals.entries()) {
      const checkout = join(shell.folder, `job-${index}`);
      cpSync(shell.workspace, checkout, { recursive: true });
      writeFileSync(join(checkout, `made-${index}.txt`), 'made\n');
      await work('work', checkout, { ...common, GOAL: String(goal), USD: planned['usd'] ?? '', INDEX: String(index) });
      cpSync(join(checkout, 'out'), out, { recursive: true });
    }
    expect(readdirSync(out).sort()).toEqual(['0.json', '0.patch', '1.json', '1.patch']);

    const joined = join(shell.folder, 'joined');
    await shell.run(`git clone -q . '${joined}' && rm -f '${joined}'/made-*`);
    cpSync(out, join(joined, 'out'), { recursive: true });
    await work('join', joined, common);
    expect(readFileSync(join(joined, 'joined.patch'), 'utf8')).toContain('+++ b/made-1.txt');
    expect(readFileSync(join(shell.folder, 'join-summary'), 'utf8')).toMatch(
      /^- done, .*\n- done, .*\nThe endpoint on this machine answers\./,
    );
  });

  /** Runs the steps of a job in a folder as GitHub's runner does, and returns its outputs. */
  async function work(job: string, folder: string, environment: Record<string, string>): Promise<Record<string, string>> {
    const [output, summary, path] = ['output', 'summary', 'path'].map((name) => join(shell.folder, `${job}-${name}`));
    for (const file of [output, summary, path]) if (file) writeFileSync(file, '');
    for (const step of stepsOf(job)) {
      const script = step['run'];
      if (typeof script !== 'string' || leftOut.has(String(step['name']))) continue;
      const known = Object.keys({ ...record(workflow['env']), ...record(step['env']) });
      const given = Object.fromEntries(known.map((name) => [name, environment[name] ?? `no value for ${name}`]));
      const ran = await shell.run(`cd '${folder}'\n${script}`, {
        ...given,
        GITHUB_OUTPUT: output ?? '',
        GITHUB_STEP_SUMMARY: summary ?? '',
        GITHUB_PATH: path ?? '',
        RUNNER_TEMP: join(shell.folder, 'runner'),
      });
      expect({ step: step['name'], code: ran.code, error: ran.code === 0 ? '' : ran.error }).toEqual({
        step: step['name'],
        code: 0,
        error: '',
      });
    }
    return Object.fromEntries(
      readFileSync(output ?? '', 'utf8')
        .split('\n')
        .filter((line) => line.includes('='))
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }
});

describe('The jobs of Kubernetes', () => {
  const files = readdirSync(join(examples, 'kubernetes')).filter((file) => file.endsWith('.yaml'));
  const objects = files.flatMap((file) => read(`kubernetes/${file}`)).map(record);
  const named = (kind: string): Record<string, unknown>[] => objects.filter((object) => object['kind'] === kind);
  const nameOf = (object: Record<string, unknown>): string => String(record(object['metadata'])['name']);
  const podOf = (job: Record<string, unknown>): Record<string, unknown> => record(record(record(job['spec'])['template'])['spec']);
  const containerOf = (job: Record<string, unknown>): Record<string, unknown> => record(list(podOf(job)['containers'])[0]);

  test('A pod has no privilege, no key in its file, an end and bounded resources', () => {
    for (const job of named('Job')) {
      expect(podOf(job)).toMatchObject({
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true },
      });
      expect(containerOf(job)['securityContext']).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(record(record(containerOf(job)['resources'])['limits'])).toHaveProperty('memory');
      expect(record(job['spec'])['activeDeadlineSeconds']).toBeGreaterThan(0);
      const keys = list(containerOf(job)['env'])
        .map(record)
        .filter((variable) => String(variable['name']).endsWith('_KEY'));
      expect(keys.map((variable) => Object.keys(variable))).toEqual([['name', 'valueFrom']]);
    }
  });

  test.runIf(hasDocumentShell)('Each pod does its goal, and the last one puts their changes together', { timeout: 240_000 }, async () => {
    const volume = join(shell.folder, 'volume');
    cpSync(shell.workspace, join(volume, 'source'), { recursive: true });
    for (const map of named('ConfigMap')) {
      const folder = join(shell.folder, nameOf(map).replace('plue-', ''));
      mkdirSync(folder);
      for (const [key, value] of Object.entries(record(map['data']))) writeFileSync(join(folder, key), String(value));
    }

    const [tasks, joining] = ['plue-tasks', 'plue-join'].map((name) => named('Job').find((job) => nameOf(job) === name) ?? {});
    for (const index of ['0', '1', '2']) await pod(tasks ?? {}, { JOB_COMPLETION_INDEX: index });
    for (const index of ['0', '1', '2']) {
      expect(record(JSON.parse(readFileSync(join(volume, 'out', `${index}.json`), 'utf8')))['status']).toBe('done');
    }
    await pod(joining ?? {}, {});
    expect(readFileSync(join(volume, 'review.md'), 'utf8')).toBe('The endpoint on this machine answers.\n');
  });

  /** Runs the command of a job's container, with its mounts in the folder of this test. */
  async function pod(job: Record<string, unknown>, environment: Record<string, string>): Promise<void> {
    const container = containerOf(job);
    expect(container['command']).toEqual(['/bin/sh', '-eu', '-c']);
    const mounts = list(container['volumeMounts']).map((mount) => String(record(mount)['mountPath']));
    const scratch = join(shell.folder, 'scratch');
    await shell.run(`rm -rf '${scratch}' && mkdir '${scratch}'`);
    const mounted = new RegExp(`(?<![\\w.])(${mounts.join('|')})(?!\\w)`, 'g');
    const here = (text: string): string => text.replaceAll(mounted, (mount) => join(shell.folder, mount.slice(1)));
    // The providers of this test; a pod has only the key in its environment.
    const given = list(container['env'])
      .map(record)
      .filter((variable) => !['HOME', 'PLUE_HOME'].includes(String(variable['name'])));
    const variables = Object.fromEntries(
      given.map((variable) => [
        String(variable['name']),
        here(typeof variable['value'] === 'string' ? variable['value'] : 'a-key-of-nobody'),
      ]),
    );
    const script = join(shell.folder, 'pod.sh');
    writeFileSync(script, here(String(list(container['args'])[0])));
    const { code, error } = await shell.run(`/bin/sh -eu '${script}'`, { ...variables, ...environment });
    expect({ code, error: code === 0 ? '' : error }).toEqual({ code: 0, error: '' });
  }
});
