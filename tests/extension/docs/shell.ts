// A shell with its own home, in which all providers use a local endpoint, so that commands in the documents can run offline.
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { vi } from 'vitest';
import { ScriptedEndpoint, type Asked, type Reply } from '../../e2e/runner/scriptedEndpoint.mjs';
import { root } from './documents';

/** True if this machine has the shell that the documents require and the programs of their examples. Otherwise these tests are skipped. */
export const hasDocumentShell =
  process.platform === 'linux' &&
  ['bash', 'git', 'jq', 'curl', 'python3', 'sha256sum'].every((program) => spawnSync(program, ['--version']).status === 0);

/** Increases timeouts for tests that start processes. */
export const extendTimeouts = (): void => vi.setConfig({ testTimeout: 120_000, hookTimeout: 180_000 });

const processTimeoutMs = 90_000;
export const sidecar = process.env.PLUE_TEST_PROGRAM ?? join(root, 'artifacts', 'bin', 'Plue.Server', 'debug', 'plue');

/** Providers that the documents use as if their keys were configured. */
const providers = ['anthropic', 'openai', 'openrouter', 'gemini', 'groq', 'bedrock', 'vertex', 'ollama', 'local', 'local-llama'];

/** Programs that must never run by accident. */
const outside = ['code', 'docker', 'kubectl', 'claude', 'ollama', 'aws', 'gcloud', 'npx', 'dotnet'];

export interface Ran {
  code: number;
  output: string;
  error: string;
}

export class DocumentShell {
  readonly folder = mkdtempSync(join(tmpdir(), 'plue-docs-'));
  readonly home = join(this.folder, 'home');
  readonly plueHome = join(this.home, '.plue');
  readonly workspace = join(this.folder, 'work');
  readonly endpoint = new ScriptedEndpoint();
  readonly #bin = join(this.folder, 'bin');

  static async start(): Promise<DocumentShell> {
    const shell = new DocumentShell();
    await shell.endpoint.start();
    shell.endpoint.reply = answer;
    shell.#programs();
    shell.#settings();
    shell.#workspaceFiles();
    return shell;
  }

  async stop(): Promise<void> {
    await this.endpoint.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Writes a file to the Plue home. */
  writeHome(path: string, text: string): string {
    return write(join(this.plueHome, path), text);
  }

  /** Runs a bash script that stops at the first failed command. */
  run(script: string, environment: Record<string, string> = {}): Promise<Ran> {
    return new Promise((resolve) => {
      const child = execFile(
        'bash',
        ['--noprofile', '--norc', '-euo', 'pipefail', '-c', this.#here(script)],
        {
          cwd: this.workspace,
          timeout: processTimeoutMs,
          maxBuffer: 16 * 1024 * 1024,
          env: {
            PATH: [this.#bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
            HOME: this.home,
            PLUE_HOME: this.plueHome,
            TMPDIR: this.folder,
            LANG: 'C.UTF-8',
            DOTNET_ROOT: dotnetRoot(),
            ...environment,
          },
        },
        (fault, output, error) => resolve({ code: fault === null ? 0 : typeof fault.code === 'number' ? fault.code : 1, output, error }),
      );
      child.stdin?.end();
    });
  }

  /** Replaces the addresses of a reader's servers with that of the endpoint. */
  #here(script: string): string {
    const host = new URL(this.endpoint.origin).host;
    return script.replaceAll(/\b(?:localhost|127\.0\.0\.1):(?:1234|8000|8080|11434)\b/g, host);
  }

  #programs(): void {
    this.#program('plue', `exec '${sidecar}' "$@"`);
    this.#program(
      'npm',
      `if [ "$1 $2 $3 $4" = "run -s plue --" ]; then shift 4; exec plue "$@"; fi\necho "npm $* is not run here" >&2; exit 97`,
    );
    for (const name of outside) this.#program(name, `echo "${name} $* is not run here" >&2; exit 97`);
  }

  #program(name: string, script: string): void {
    chmodSync(write(join(this.#bin, name), `#!/bin/sh\n${script}\n`), 0o755);
  }

  #settings(): void {
    for (const name of providers) {
      this.writeHome(
        `providers/${name}.json5`,
        `{ name: "${name}", provider_type: "openai-compatible", endpoint: "${this.endpoint.url}", model: "small-1", auth_type: "none", retry_policy: "none" }\n`,
      );
    }
    this.writeHome('config.json5', '{ default_large: "codex://providers/local", default_small: "codex://providers/local" }\n');
  }

  #workspaceFiles(): void {
    write(join(this.workspace, 'src', 'date.ts'), 'export const parse = (text: string) => new Date(text);\n');
    write(join(this.workspace, 'package.json'), '{ "scripts": { "test": "true" } }\n');
  }
}

/** Location of the debug build's runtime. */
export function dotnetRoot(): string {
  // A `dotnet` on the PATH may be a script that starts the actual program.
  const root = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => existsSync(join(folder, 'dotnet')))
    .map((folder) => dirname(realpathSync(join(folder, 'dotnet'))))
    .find((folder) => existsSync(join(folder, 'host', 'fxr')));
  return process.env['DOTNET_ROOT'] ?? root ?? '';
}

function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** An agent immediately returns what its template requires; a chat gets a sentence. */
function answer(asked: Asked): Reply {
  const finish = asked.tools?.find((tool) => tool.function.name === 'finish');
  return finish === undefined
    ? { text: 'The endpoint on this machine answers.' }
    : { calls: [{ name: 'finish', parameters: { ...record(sample(finish.function.parameters)) } }] };
}

/** Returns the smallest value that a schema allows; lists have two items. */
function sample(schema: unknown): unknown {
  const { type, properties, required, items, enum: choices } = record(schema);
  switch (type) {
    case 'object':
      return Object.fromEntries(list(required).map((name) => [String(name), sample(record(properties)[String(name)])]));
    case 'array':
      return [sample(items), sample(items)];
    case 'boolean':
      return true;
    case 'number':
    case 'integer':
      return 1;
    default:
      return list(choices)[0] ?? 'Look at src/date.ts.';
  }
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
