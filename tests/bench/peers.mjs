// Other agents that run in a terminal, from npm in pinned versions: each with a home of its own, asking the benchmark's model.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../scripts/lib/run.mjs';

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} version
 * @property {number} sizeMb What npm installed for it.
 * @property {(base: string) => import('./measure.mjs').Program} program One response of the model at this address, without `/v1`, printed to stdout.
 *
 * @typedef {object} PeerKind
 * @property {string} name
 * @property {string} package
 * @property {string} version
 * @property {(modules: string) => string[]} start The command and its first arguments. Where a package starts a native program by a script, the program itself.
 * @property {(base: string, home: string) => {args: string[], env?: NodeJS.ProcessEnv}} ask
 */

const native = process.arch === 'arm64' ? 'arm64' : 'x64';

/** @type {PeerKind[]} */
const kinds = [
  {
    name: 'Codex CLI',
    package: '@openai/codex',
    version: '0.169.0',
    start: (modules) => {
      const target = `${native === 'x64' ? 'x86_64' : 'aarch64'}-unknown-linux-musl`;
      return [join(modules, '@openai', `codex-linux-${native}`, 'vendor', target, 'bin', 'codex')];
    },
    ask: (base) => {
      const provider = `model_providers.bench={name="bench",base_url="${base}/v1",wire_api="responses",env_key="BENCH_KEY"}`;
      const trusted = ['--skip-git-repo-check', '--sandbox', 'danger-full-access'];
      return {
        args: ['exec', ...trusted, '-c', 'model_provider="bench"', '-c', provider, '-m', 'm', 'hi'],
        env: { BENCH_KEY: 'sk-bench' },
      };
    },
  },
  {
    // Its later name, @earendil-works/pi-coding-agent, depends on packages that not every registry has.
    name: 'pi',
    package: '@mariozechner/pi-coding-agent',
    version: '0.73.1',
    start: (modules) => [process.execPath, join(modules, '@mariozechner', 'pi-coding-agent', 'dist', 'cli.js')],
    ask: (base, home) => {
      const folder = join(home, '.pi', 'agent');
      mkdirSync(folder, { recursive: true });
      const bench = { baseUrl: `${base}/v1`, api: 'openai-completions', apiKey: 'sk-bench', models: [{ id: 'm' }] };
      writeFileSync(join(folder, 'models.json'), JSON.stringify({ providers: { bench } }));
      return { args: ['-p', 'hi', '--offline', '--provider', 'bench', '--model', 'm'] };
    },
  },
  {
    name: 'Claude Code',
    package: '@anthropic-ai/claude-code',
    version: '2.1.330',
    start: (modules) => [join(modules, '@anthropic-ai', `claude-code-linux-${native}`, 'claude')],
    ask: (base) => ({
      args: [
        ...['-p', 'hi', '--model', 'm', '--output-format', 'stream-json', '--verbose', '--include-partial-messages'],
        ...['--allowedTools', 'Read'],
      ],
      env: {
        ANTHROPIC_BASE_URL: base,
        ANTHROPIC_API_KEY: 'sk-bench',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
      },
    }),
  },
];

/**
 * Those that can be installed and respond.
 * @param {string} folder Kept between runs. @param {string} base The model's address. @param {string} cwd Where they run.
 * @param {(line: string) => void} report Gets one line for each omitted peer.
 * @returns {Promise<Peer[]>}
 */
export async function installedPeers(folder, base, cwd, report) {
  /** @type {Peer[]} */
  const peers = [];
  for (const kind of kinds) {
    const own = join(folder, kind.package.replace(/\W+/g, '-'));
    const reason = (await install(kind, own)) ?? (await firstFailure(kind, own, base, cwd));
    if (reason === undefined) peers.push(peerOf(kind, own, cwd));
    else report(`${kind.name} is left out: ${reason}`);
  }
  return peers;
}

/** @param {PeerKind} kind @param {string} own @returns {Promise<string | undefined>} Why it could not be installed. */
async function install(kind, own) {
  const mark = join(own, 'complete');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === kind.version) return undefined;
  rmSync(own, { recursive: true, force: true });
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'package.json'), '{"private":true}\n');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const done = await run('npm', ['install', ...quiet, `${kind.package}@${kind.version}`], { cwd: own, timeout: 300_000 });
  if (done.code !== 0) return `npm could not install ${kind.package}@${kind.version}: ${oneLine(done.output)}`;
  writeFileSync(mark, kind.version);
  return undefined;
}

/** @param {PeerKind} kind @param {string} own @param {string} base @param {string} cwd @returns {Promise<string | undefined>} Why it does not run. */
async function firstFailure(kind, own, base, cwd) {
  const { command, args, env } = peerOf(kind, own, cwd).program(base);
  if (!existsSync(command)) return `its package has no ${command.slice(own.length + 1)}.`;
  const { code, output } = await run(command, args, { cwd, env, timeout: 60_000 });
  return code === 0 && output.includes('word0') ? undefined : `it ended with exit code ${code}: ${oneLine(output)}`;
}

/** @param {PeerKind} kind @param {string} own @param {string} cwd @returns {Peer} */
function peerOf(kind, own, cwd) {
  const modules = join(own, 'node_modules');
  const home = join(own, 'home');
  mkdirSync(home, { recursive: true });
  const [command = '', ...first] = kind.start(modules);
  return {
    name: kind.name,
    version: kind.version,
    sizeMb: bytesIn(modules) / 1e6,
    program: (base) => {
      const { args, env } = kind.ask(base, home);
      return { command, args: [...first, ...args], cwd, env: { ...withoutKeys(), HOME: home, ...env } };
    },
  };
}

/** Unsets what names a key or a place of the user's own. @returns {NodeJS.ProcessEnv} */
function withoutKeys() {
  const own = /_API_KEY$|_AUTH_TOKEN$|^ANTHROPIC_|^OPENAI_|^CLAUDE|^CODEX_|^PI_|^XDG_|^npm_/;
  return Object.fromEntries(Object.keys(process.env).flatMap((name) => (own.test(name) ? [[name, undefined]] : [])));
}

/** @param {string} folder @returns {number} */
function bytesIn(folder) {
  if (!existsSync(folder)) return 0;
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** @param {string} output */
const oneLine = (output) => output.trim().split('\n').slice(0, 3).join(' ').slice(0, 300);
