// A VS Code server with Plue that serves one window after another. Each window has its own home, Plue home and environment, and a new user:
// VS Code's data of the user is removed when the window closes, on disk and in the window's browser profile.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { inRoot, root } from '../../../scripts/lib/paths.mjs';
import { dotnetRoot } from '../../../scripts/lib/prerequisites.mjs';
import { sidecarUnderTest } from '../../../scripts/lib/publish.mjs';
import { installVsix, startVsCodeServer } from '../../../scripts/vsCodeServer.mjs';

const hook = inRoot('tests', 'e2e', 'runner', 'extensionHost.cjs');
/** Data about the server itself, not about a user. */
const kept = 'logs';

/** @typedef {import('./workbench.mjs').WorkbenchOptions} WorkbenchOptions */

export class VsCode {
  #server;
  #options;

  /**
   * @param {string} folder Contains the server's data, the user's data and the extensions.
   * @param {import('../../../scripts/vsCodeServer.mjs').VsCodeServer} server
   * @param {WorkbenchOptions} options
   */
  constructor(folder, server, options) {
    this.folder = folder;
    this.#server = server;
    this.#options = options;
  }

  /** @param {WorkbenchOptions} [options] Options of the server, which apply to all its windows. @param {string} [folder] */
  static async start(options = {}, folder = mkdtempSync(join(tmpdir(), 'plue-e2e-server-'))) {
    mkdirSync(join(folder, 'home'), { recursive: true });
    mkdirSync(join(folder, 'extensions'), { recursive: true });
    options.extensions?.(join(folder, 'extensions'));
    if (options.language) writeLanguagePack(folder, options.language);
    if (options.vsix !== undefined) await installVsix(folder, options.vsix);
    else if (!isUnderDevelopment(options)) symlinkSync(root, join(folder, 'extensions', 'plue.plue-vscode-0.1.0'), 'junction');
    return new VsCode(folder, await startServer(folder, options), options);
  }

  get origin() {
    return this.#server.origin;
  }

  /** Returns the address of a window. @param {string} workspace A folder, or a `.code-workspace` file. */
  url(workspace) {
    const { tests } = this.#options;
    return this.#server.url({
      [workspace.endsWith('.code-workspace') ? 'workspace' : 'folder']: workspace,
      ...(isUnderDevelopment(this.#options) ? { extension: root } : {}),
      ...(tests ? { tests } : {}),
    });
  }

  /** Sets the environment of the window that opens next. @param {string} folder Folder of that window. @param {NodeJS.ProcessEnv} env */
  async prepareWindow(folder, env) {
    const environment = {
      HOME: join(folder, 'home'),
      PLUE_HOME: join(folder, 'plue'),
      // A package contains its own sidecar.
      ...(this.#options.vsix === undefined ? { PLUE_SERVER_PATH: await sidecarUnderTest() } : {}),
      ...ownTemporary(folder),
      ...env,
    };
    // JSON omits undefined values, so they are listed separately.
    const removed = Object.keys(environment).filter((name) => environment[name] === undefined);
    writeFileSync(windowFile(this.folder), JSON.stringify({ folder, environment, removed }));
  }

  /** @param {object} settings The user's settings. */
  writeSettings(settings) {
    const user = join(this.folder, 'user', 'User');
    mkdirSync(user, { recursive: true });
    writeFileSync(join(user, 'settings.json'), JSON.stringify(settings, null, 2));
  }

  /** Removes the user's data of the last window: settings, storage, history. */
  reset() {
    for (const path of this.#ofUser()) rmSync(path, { recursive: true, maxRetries: 20 });
    rmSync(windowFile(this.folder), { force: true });
  }

  /** Returns the user's data on disk. */
  files() {
    return this.#ofUser().flatMap((path) => [path, ...filesBelow(path)]);
  }

  #ofUser() {
    const within = (/** @type {string} */ name) => readdirSync(join(this.folder, name)).map((entry) => join(this.folder, name, entry));
    return [...within('home'), ...within('user').filter((path) => basename(path) !== kept)];
  }

  /** Returns Plue's own logs. */
  logs() {
    return [join(this.folder, 'user', kept), join(this.folder, 'server', 'data', kept)]
      .flatMap(filesBelow)
      .filter((path) => /Plue.*\.log$/.test(path));
  }

  /** Restarts the server at the same address. */
  async restart() {
    const port = Number(new URL(this.origin).port);
    await this.#server.stop();
    this.#server = await startServer(this.folder, this.#options, port);
  }

  stop() {
    return this.#server.stop();
  }
}

/** Returns an environment without configuration: no keys, and no `claude` from this checkout's tests on PATH. */
export function bareEnvironment() {
  /** @type {NodeJS.ProcessEnv} */
  const env = { DOTNET_ROOT: dotnetRoot() };
  for (const name of Object.keys(process.env)) {
    if (/_API_KEY$|_AUTH_TOKEN$|^ANTHROPIC_|^OPENAI_|^CLAUDE|^OLLAMA_|^npm_|^PLUE_/.test(name)) env[name] = undefined;
  }
  env.PATH = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((part) => !part.includes('node_modules'))
    .join(delimiter);
  return env;
}

/** The test driver opens extensions under development, and prevents notifications. @param {WorkbenchOptions} options */
const isUnderDevelopment = ({ isQuiet, tests }) => isQuiet === true || tests !== undefined;

/** The file that extensionHost.cjs reads. @param {string} folder */
const windowFile = (folder) => join(folder, 'window.json');

/** @param {string} folder @param {WorkbenchOptions} options @param {number} [port] */
function startServer(folder, options, port) {
  return startVsCodeServer({
    dataDir: folder,
    ...(port === undefined ? {} : { port }),
    env: { ...bareEnvironment(), HOME: join(folder, 'home'), PLUE_TEST_WINDOW: windowFile(folder) },
    nodeArgs: ['--require', hook],
    args: [
      // Otherwise the extension host of a lost window would keep running for hours, in case the window reconnects.
      ...['--reconnection-grace-time', '5'],
      ...(isUnderDevelopment(options) ? ['--enable-smoke-test-driver'] : []),
      ...(options.language ? ['--locale', options.language] : []),
    ],
  });
}

/**
 * Sockets and folders left by killed processes are removed with the window. The path of a socket has a maximum length, and on macOS the folder is already long.
 * @param {string} folder @returns {NodeJS.ProcessEnv}
 */
function ownTemporary(folder) {
  if (process.platform !== 'linux') return {};
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  return { TMPDIR: join(folder, 'tmp') };
}

/** VS Code uses a language only with a language pack, which may be empty. @param {string} folder @param {string} language */
function writeLanguagePack(folder, language) {
  const user = join(folder, 'user');
  mkdirSync(user, { recursive: true });
  const words = join(user, 'words.json');
  writeFileSync(words, JSON.stringify({ contents: {} }));
  const extensions = [{ extensionIdentifier: { id: `plue.words-${language}` }, version: '1.0.0' }];
  const pack = { hash: language, label: language, extensions, translations: { vscode: words } };
  writeFileSync(join(user, 'languagepacks.json'), JSON.stringify({ [language]: pack }));
}

/** @param {string} folder @returns {string[]} */
function filesBelow(folder) {
  try {
    return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
  } catch {
    return [];
  }
}
