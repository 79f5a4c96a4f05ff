// A VS Code server with Plue, for one window after the other. Each window has a home, a Plue home and an environment of its own, and a user who was never here:
// what VS Code keeps of a user on disk goes when the window closes, what it keeps in the browser with the window's browser profile.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { inRoot, root } from '../../../scripts/lib/paths.mjs';
import { dotnetRoot } from '../../../scripts/lib/prerequisites.mjs';
import { sidecarUnderTest } from '../../../scripts/lib/publish.mjs';
import { installVsix, startVsCodeServer } from '../../../scripts/vsCodeServer.mjs';

const hook = inRoot('tests', 'e2e', 'runner', 'extensionHost.cjs');
/** What a server writes down about itself, and not about a user. */
const kept = 'logs';

/** @typedef {import('./workbench.mjs').WorkbenchOptions} WorkbenchOptions */

export class VsCode {
  #server;
  #options;

  /**
   * @param {string} folder Holds the server's data, the user's data and the extensions.
   * @param {import('../../../scripts/vsCodeServer.mjs').VsCodeServer} server
   * @param {WorkbenchOptions} options
   */
  constructor(folder, server, options) {
    this.folder = folder;
    this.#server = server;
    this.#options = options;
  }

  /** @param {WorkbenchOptions} [options] Those that a server is started with; they hold for all its windows. @param {string} [folder] */
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

  /** The address of a window. @param {string} workspace A folder, or a `.code-workspace` file. */
  url(workspace) {
    const { tests } = this.#options;
    return this.#server.url({
      [workspace.endsWith('.code-workspace') ? 'workspace' : 'folder']: workspace,
      ...(isUnderDevelopment(this.#options) ? { extension: root } : {}),
      ...(tests ? { tests } : {}),
    });
  }

  /** What the window is given that opens next. @param {string} folder Of that window. @param {NodeJS.ProcessEnv} env */
  async prepareWindow(folder, env) {
    const environment = {
      HOME: join(folder, 'home'),
      PLUE_HOME: join(folder, 'plue'),
      // A package brings its own.
      ...(this.#options.vsix === undefined ? { PLUE_SERVER_PATH: await sidecarUnderTest() } : {}),
      ...ownTemporary(folder),
      ...env,
    };
    // What is undefined is not in JSON.
    const removed = Object.keys(environment).filter((name) => environment[name] === undefined);
    writeFileSync(windowFile(this.folder), JSON.stringify({ folder, environment, removed }));
  }

  /** @param {object} settings The user's. */
  writeSettings(settings) {
    const user = join(this.folder, 'user', 'User');
    mkdirSync(user, { recursive: true });
    writeFileSync(join(user, 'settings.json'), JSON.stringify(settings, null, 2));
  }

  /** Forgets the user of the window that was open: settings, storages, histories. */
  reset() {
    for (const path of this.#ofUser()) rmSync(path, { recursive: true, maxRetries: 20 });
    rmSync(windowFile(this.folder), { force: true });
  }

  /** What it keeps on disk of the user. */
  files() {
    return this.#ofUser().flatMap((path) => [path, ...filesBelow(path)]);
  }

  #ofUser() {
    const within = (/** @type {string} */ name) => readdirSync(join(this.folder, name)).map((entry) => join(this.folder, name, entry));
    return [...within('home'), ...within('user').filter((path) => basename(path) !== kept)];
  }

  /** What of Plue's own logs is there. */
  logs() {
    return [join(this.folder, 'user', kept), join(this.folder, 'server', 'data', kept)]
      .flatMap(filesBelow)
      .filter((path) => /Plue.*\.log$/.test(path));
  }

  /** Ends it and starts it again at the same address. */
  async restart() {
    const port = Number(new URL(this.origin).port);
    await this.#server.stop();
    this.#server = await startServer(this.folder, this.#options, port);
  }

  stop() {
    return this.#server.stop();
  }
}

/** A machine with nothing configured: no keys, no `claude` of this checkout's tests on PATH. */
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

/** The driver opens extensions under development, and keeps VS Code from showing notifications. @param {WorkbenchOptions} options */
const isUnderDevelopment = ({ isQuiet, tests }) => isQuiet === true || tests !== undefined;

/** Read by extensionHost.cjs. @param {string} folder */
const windowFile = (folder) => join(folder, 'window.json');

/** @param {string} folder @param {WorkbenchOptions} options @param {number} [port] */
function startServer(folder, options, port) {
  return startVsCodeServer({
    dataDir: folder,
    ...(port === undefined ? {} : { port }),
    env: { ...bareEnvironment(), HOME: join(folder, 'home'), PLUE_TEST_WINDOW: windowFile(folder) },
    nodeArgs: ['--require', hook],
    args: [
      // A window that is gone without a farewell would keep its extension host for hours, in case it comes back.
      ...['--reconnection-grace-time', '5'],
      ...(isUnderDevelopment(options) ? ['--enable-smoke-test-driver'] : []),
      ...(options.language ? ['--locale', options.language] : []),
    ],
  });
}

/** Sockets and folders that killed processes leave go with the window. A socket's path is limited, and macOS' folder long already. @param {string} folder @returns {NodeJS.ProcessEnv} */
function ownTemporary(folder) {
  if (process.platform !== 'linux') return {};
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  return { TMPDIR: join(folder, 'tmp') };
}

/** VS Code speaks a language only with a pack of it, which may be empty. @param {string} folder @param {string} language */
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
