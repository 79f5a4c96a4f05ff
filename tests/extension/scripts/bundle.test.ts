import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'plue-bundle-'));
const out = join(folder, 'extension', 'out');

beforeAll(() => {
  const bundle = `import { bundleExtension } from './scripts/lib/bundle.mjs'; await bundleExtension(${JSON.stringify(out)}, { sourcemap: false });`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', bundle]);
}, 60_000);

/** Stands for VS Code's API: every member can be called, constructed, iterated and read, without an effect. */
const api = `
  const anything = new Proxy(function () {}, {
    get: (target, key) =>
      key === Symbol.iterator ? [][Symbol.iterator].bind([]) : key === Symbol.toPrimitive ? () => '' : key === 'then' ? undefined : anything,
    set: () => true,
    apply: () => anything,
    construct: () => anything,
  });
  const Module = require('node:module');
  const load = Module._load;
  Module._load = (name, ...more) => (name === 'vscode' ? anything : load(name, ...more));`;

/** Runs statements in a program with the host's bundle, and returns what they print. */
function run(statements: string): string {
  const program = join(folder, 'program.cjs');
  const loaded = `const loaded = () => Object.keys(require.cache).map((file) => require('node:path').basename(file));`;
  writeFileSync(program, `${api}\n${loaded}\n${statements}`);
  return execFileSync(process.execPath, [program], { encoding: 'utf8', env: { ...process.env, PLUE_SERVER_PATH: process.execPath } });
}

test('Activation loads no module that is meant to be loaded later', () => {
  const activation = `
    const given = { subscriptions: [], extensionPath: ${JSON.stringify(folder)}, globalState: { get: () => undefined, update: () => anything } };
    const context = new Proxy(given, { get: (target, key) => (key in target ? target[key] : anything) });
    require(${JSON.stringify(join(out, 'main.js'))}).activate(context);
    console.log(JSON.stringify(loaded()));
    process.exit();`;
  const files: unknown = JSON.parse(run(activation));
  expect(files).toContain('main.js');
  expect(files).not.toContain('later.js');
});

test('A later module shares the modules of activation', () => {
  const printed = run(`
    const { modules } = require(${JSON.stringify(join(out, 'later.js'))});
    console.log(Object.values(modules).every((module) => Object.keys(module).length > 0), loaded().includes('shared.js'));`);
  expect(printed.trim()).toBe('true true');
});

test('What VS Code loads first stays small', () => {
  const size = ['main.js', 'shared.js'].reduce((sum, file) => sum + readFileSync(join(out, file)).length, 0);
  expect(size).toBeLessThan(350_000);
});
