// A real VS Code without a desktop: the server in npm's code-server package, installed once into the cache.
// Only its lib/vscode is used. No install script runs. Of the native modules, only the log writer (the tests read what
// output channels wrote) and the watchdog are built; without a compiler VS Code runs without them.
import { createServer } from 'node:net';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cache } from './lib/paths.mjs';
import { withLock } from './lib/lock.mjs';
import { Stop, runMain, say, step } from './lib/progress.mjs';
import { run, runOrStop, startInBackground } from './lib/run.mjs';

const serverVersion = '4.139.1';
const nodeVersion = '24';
const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
const home = join(cache, `vscode-server-${serverVersion}`);

/** @typedef {{node: string, serverMain: string}} Installation */

/** @returns {Promise<Installation>} */
export async function installVsCodeServer() {
  if (isComplete()) return installation(home);
  mkdirSync(cache, { recursive: true });
  return withLock(`${home}.lock`, 'Waiting for another run that installs the VS Code server', async () => {
    if (isComplete()) return installation(home);
    const half = `${home}.half`;
    for (const folder of [half, home]) rmSync(folder, { recursive: true, force: true });
    await installInto(half);
    renameSync(half, home);
    return installation(home);
  });
}

/** Installs a VSIX as a user does, into the data folder passed to {@link startVsCodeServer}. @param {string} dataDir @param {string} file */
export async function installVsix(dataDir, file) {
  const { node, serverMain } = await installVsCodeServer();
  const folders = ['server-data-dir', 'user-data-dir', 'extensions-dir'].flatMap((name) => [
    `--${name}`,
    join(dataDir, name.split('-')[0]),
  ]);
  await runOrStop(node, [serverMain, '--install-extension', file, '--force', '--accept-server-license-terms', ...folders], {
    timeout: 120_000,
  });
}

/**
 * @typedef {object} VsCodeServer
 * @property {string} origin Such as `http://127.0.0.1:40123`.
 * @property {(options?: WindowOptions) => string} url Returns the address of a window with the extension under development.
 * @property {() => string} log Returns the server's output.
 * @property {Promise<number>} exited
 * @property {() => Promise<void>} stop
 *
 * @typedef {object} WindowOptions
 * @property {string} [folder]
 * @property {string} [workspace] A `.code-workspace` file to open instead of a folder.
 * @property {string} [extension] The folder of the extension under development.
 * @property {string} [tests] A test entry point to run inside the extension host.
 * @property {[string, string][]} [payload] More entries.
 */

/**
 * Starts the server on loopback and waits until it listens.
 * @param {{dataDir: string, port?: number, env?: NodeJS.ProcessEnv, args?: string[], nodeArgs?: string[]}} options `dataDir` contains the server's data, the
 * user's data and the extensions; `nodeArgs` are also passed to the extension host.
 * @returns {Promise<VsCodeServer>}
 */
export async function startVsCodeServer({ dataDir, port = 0, env, args = [], nodeArgs = [] }) {
  const { node, serverMain } = await installVsCodeServer();
  const folder = (/** @type {string} */ name) => {
    const path = join(dataDir, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const server = startInBackground(
    node,
    [
      ...nodeArgs,
      serverMain,
      ...['--host', '127.0.0.1', '--port', String((await isFree(port)) ? port : 0)],
      ...['--without-connection-token', '--accept-server-license-terms', '--telemetry-level', 'off'],
      ...['--server-data-dir', folder('server'), '--user-data-dir', folder('user'), '--extensions-dir', folder('extensions')],
      ...args,
    ],
    { env },
  );
  let log = '';
  const listening = new Promise((resolve) => {
    const keep = (/** @type {string} */ text) => {
      log = (log + text).slice(-200_000);
      const bound = /Server bound to 127\.0\.0\.1:(\d+)/.exec(log);
      if (bound) resolve(Number(bound[1]));
    };
    server.child.stdout?.setEncoding('utf8').on('data', keep);
    server.child.stderr?.setEncoding('utf8').on('data', keep);
  });
  const early = server.exited.then((code) => {
    throw new Stop(`The VS Code server ended with exit code ${code} before it listened.\n${log}`);
  });
  early.catch(() => {});
  const bound = await step('Starting the VS Code server', () => Promise.race([listening, early]));
  const authority = `127.0.0.1:${bound}`;
  return {
    origin: `http://${authority}`,
    url: (options) => windowUrl(authority, options),
    log: () => log,
    exited: server.exited,
    stop: server.stop,
  };
}

/** @param {string} authority @param {WindowOptions} [options] */
function windowUrl(authority, { folder, workspace, extension, tests, payload = [] } = {}) {
  const remote = (/** @type {string} */ path) => `vscode-remote://${authority}${pathToFileURL(path).pathname}`;
  const entries = [...payload];
  if (extension) entries.push(['extensionDevelopmentPath', remote(extension)]);
  if (tests) entries.push(['extensionTestsPath', remote(tests)]);
  const query = [
    workspace
      ? `workspace=${encodeURIComponent(pathToFileURL(workspace).pathname)}`
      : folder
        ? `folder=${encodeURIComponent(pathToFileURL(folder).pathname)}`
        : 'ew=true',
    ...(entries.length > 0 ? [`payload=${encodeURIComponent(JSON.stringify(entries))}`] : []),
  ];
  return `http://${authority}/?${query.join('&')}`;
}

/** @param {string} folder */
async function installInto(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await step('Downloading the VS Code server (once)', () =>
    runOrStop('npm', ['install', ...quiet, `code-server@${serverVersion}`, `${nodePackage}@${nodeVersion}`], { cwd: folder }),
  );
  const { node, serverMain } = installation(folder);
  const vscode = dirname(dirname(serverMain));
  const env = {
    PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`,
    npm_config_nodedir: dirname(dirname(node)),
  };
  await step("Installing the VS Code server's own packages (once)", () =>
    runOrStop('npm', ['install', '--omit=dev', ...quiet], { cwd: vscode, env }),
  );
  const built = await step("Building the VS Code server's log writer (once)", () =>
    run('npm', ['rebuild', '@vscode/spdlog', '@vscode/native-watchdog', '--loglevel=error'], { cwd: vscode, env, timeout: 300_000 }),
  );
  if (built.code !== 0)
    say('The log writer could not be built (a C++ compiler and Python are needed): VS Code works, its output channels stay empty.');
  if (!existsSync(serverMain)) throw new Stop(`The package code-server ${serverVersion} has no ${serverMain}.`);
  writeFileSync(join(folder, 'complete'), `${new Date().toISOString()}\n`);
}

/** @param {string} folder @returns {Installation} */
function installation(folder) {
  const modules = join(folder, 'node_modules');
  const node = process.platform === 'win32' ? join(modules, nodePackage, 'bin', 'node.exe') : join(modules, nodePackage, 'bin', 'node');
  return { node, serverMain: join(modules, 'code-server', 'lib', 'vscode', 'out', 'server-main.js') };
}

/** The marker is written last, so an incomplete installation has none. */
function isComplete() {
  const { node, serverMain } = installation(home);
  return [join(home, 'complete'), node, serverMain].every((path) => existsSync(path));
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

if (process.argv[1] === import.meta.filename) {
  await runMain(async () => {
    console.log(JSON.stringify(await installVsCodeServer(), null, 2));
  });
}
