// One VS Code window with Plue under development: its own server, browser profile, user data and Plue home.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from '../../../scripts/lib/paths.mjs';
import { dotnetRoot } from '../../../scripts/lib/prerequisites.mjs';
import { sidecarUnderTest } from '../../../scripts/lib/publish.mjs';
import { installVsix, startVsCodeServer } from '../../../scripts/vsCodeServer.mjs';
import { PageCoverage, hostCoverage, takeHostCoverage } from './coverage.mjs';
import { watchRequests } from './requests.mjs';

/**
 * @typedef {object} WorkbenchOptions
 * @property {'Dark Modern' | 'Light Modern' | 'Default High Contrast'} [theme]
 * @property {boolean} [trusted] Whether the folder is trusted from the start.
 * @property {NodeJS.ProcessEnv} [env]
 * @property {boolean} [installed] Installed as a user has it, and not under development: notifications are shown as they come.
 * @property {string} [vsix] The package that is installed, in place of this checkout.
 * @property {boolean} [forgetsSecrets] VS Code keeps its secrets in memory only, as a served one may.
 * @property {'de' | 'zh-cn'} [language] What VS Code speaks, as far as it is told to extensions: its own words stay English, because no language pack is at hand.
 * @property {string} [tests] A test entry point to run inside the extension host.
 * @property {Record<string, unknown>} [settings] More of the user's settings.
 * @property {(home: string) => void} [prepare] Writes into the Plue home before anything starts.
 */

/**
 * VS Code says in a webview's address when it is a view of the side bar; of one that was hidden and is shown again it says nothing more, but with a
 * side bar nobody else is at the left edge of the window alone.
 */
const viewShownAgain = '.monaco-workbench:not(.nosidebar) .webview-overlay-outer-left:not(.webview-overlay-outer-right)';
export const pages = {
  editor: `:not(${viewShownAgain}) > iframe.webview.ready:not([src*="purpose=webviewView"])`,
  view: `iframe.webview.ready[src*="purpose=webviewView"], ${viewShownAgain} > iframe.webview.ready`,
};

const bodyClasses = { 'Dark Modern': 'vscode-dark', 'Light Modern': 'vscode-light', 'Default High Contrast': 'vscode-high-contrast' };

export class Workbench {
  #server;
  #context;
  #options;
  #coverage = new PageCoverage();

  /**
   * @param {string} folder Holds everything of this workbench; removed at the end.
   * @param {import('../../../scripts/vsCodeServer.mjs').VsCodeServer} server
   * @param {import('playwright-core').BrowserContext} context
   * @param {import('playwright-core').Page} page
   * @param {WorkbenchOptions} options
   */
  constructor(folder, server, context, page, options) {
    this.folder = folder;
    this.#server = server;
    this.#context = context;
    this.page = page;
    this.#options = options;
    this.requests = watchRequests(context, server.origin);
    /** @type {string[]} */
    this.console = [];
    page.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.console.push(`uncaught: ${error.message}`));
  }

  /** @param {import('playwright-core').Browser} browser @param {string} name @param {WorkbenchOptions} [options] */
  static async open(browser, name, options = {}) {
    const folder = mkdtempSync(join(tmpdir(), `plue-e2e-${name}-`));
    const within = (/** @type {string} */ part) => {
      mkdirSync(join(folder, part), { recursive: true });
      return join(folder, part);
    };
    writeFileSync(join(within('workspace'), 'hello.txt'), 'A file of the workspace.\n');
    within('home');
    options.prepare?.(within('plue'));
    writeUserSettings(folder, options.theme ?? 'Dark Modern', options);
    if (options.language) writeLanguagePack(within('user'), options.language);
    if (options.vsix !== undefined) await installVsix(folder, options.vsix);
    else if (options.installed) symlinkSync(root, join(within('extensions'), 'plue.plue-vscode-0.1.0'), 'junction');
    const server = await startServer(folder, options);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    // Without this answer the window's secrets live in memory only.
    if (!options.forgetsSecrets) await context.route('**/mint-key', (route) => route.fulfill({ body: Buffer.alloc(32, 7) }));
    const workbench = new Workbench(folder, server, context, await context.newPage(), options);
    await workbench.#coverage.start(workbench.page);
    return workbench;
  }

  /** Ends the server and the page, as at the end of a day, and starts both again: same address, same profile. */
  async restart() {
    const port = Number(new URL(this.#server.origin).port);
    await this.#coverage.take();
    await this.page.close();
    await takeHostCoverage();
    await this.#server.stop();
    this.#server = await startServer(this.folder, this.#options, port);
    this.page = await this.#context.newPage();
    await this.#coverage.start(this.page);
    await this.show();
  }

  get plueHome() {
    return join(this.folder, 'plue');
  }

  /** The page of the chat in front. */
  get chat() {
    return this.page.frameLocator(pages.editor).frameLocator('#active-frame');
  }

  /** The page of the Approvals view, once it is looked at. */
  get approvals() {
    return this.page.frameLocator(pages.view).frameLocator('#active-frame');
  }

  /** The address of the window. */
  get url() {
    return this.#server.url({
      folder: join(this.folder, 'workspace'),
      ...(isInstalled(this.#options) ? {} : { extension: root }),
      ...(this.#options.tests ? { tests: this.#options.tests } : {}),
    });
  }

  /** Opens the window, or opens it again. */
  async show() {
    await this.#coverage.take();
    await this.page.goto(this.url);
    await this.#ready();
  }

  /** Reloads the window as a user does: VS Code writes its state down first. */
  async reload() {
    await this.#coverage.take();
    const loaded = this.page.waitForEvent('load', { timeout: 60_000 });
    await this.command('Developer: Reload Window');
    await loaded;
    await this.#ready();
  }

  async #ready() {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
  }

  /** Waits until something outside the page, or counted in it, is so. @param {() => Promise<boolean>} isSo @param {number} [patience] Milliseconds. */
  async until(isSo, patience = 30_000) {
    const end = Date.now() + patience;
    while (!(await isSo())) {
      if (Date.now() > end) throw new Error(`It did not become so within ${patience / 1000} s: ${isSo}`);
      await this.page.waitForTimeout(50);
    }
  }

  /** Runs a command of the palette by its title, as "Plue: New Chat". @param {string} title */
  async command(title) {
    const input = this.page.locator('.quick-input-widget input');
    // A panel that takes the focus meanwhile closes the palette: then it is opened again.
    for (let attempt = 1; ; attempt++) {
      try {
        await this.page.keyboard.press('F1');
        await input.waitFor({ timeout: 10_000 });
        await input.fill(`>${title}`, { timeout: 5_000 });
        // A longer title may fit as well and stand above it.
        await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click({ timeout: 10_000 });
        return;
      } catch (error) {
        if (attempt === 3) throw error;
        // In a chat the same key stops the answer.
        if (await input.isVisible()) await this.page.keyboard.press('Escape');
      }
    }
  }

  /** Changes the theme for the next {@link show}. @param {NonNullable<WorkbenchOptions['theme']>} theme */
  setTheme(theme) {
    writeUserSettings(this.folder, theme, this.#options);
    return bodyClasses[theme];
  }

  /** The document inside the webview, for what a locator cannot do. */
  chatFrame() {
    return this.#frame(pages.editor);
  }

  /** The document of the Approvals view. */
  approvalsFrame() {
    return this.#frame(pages.view);
  }

  /** @param {string} selector */
  async #frame(selector) {
    const outer = await (await this.page.waitForSelector(selector)).contentFrame();
    const inner = await (await outer?.waitForSelector('#active-frame'))?.contentFrame();
    if (!inner) throw new Error('The webview has no page.');
    return inner;
  }

  /** The process id of this window's sidecar, found by the Plue home of the extension host that started it (Linux): the sidecar itself hides its environment. */
  sidecarPid() {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const [program = '', file = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        const isPlue = program.endsWith('/plue') || file.endsWith('plue.dll');
        if (isPlue && readFileSync(`/proc/${parent}/environ`, 'utf8').includes(`PLUE_HOME=${this.plueHome}\0`)) return Number(pid);
      } catch {
        // Gone meanwhile, or not ours to read.
      }
    }
    throw new Error('No sidecar runs for this window.');
  }

  /** At the end of each step. */
  takeCoverage() {
    return this.#coverage.take();
  }

  /** @param {string} path */
  async screenshot(path) {
    await this.page.screenshot({ path });
  }

  /** What may explain a failure: the ends of the page's console and of the extension's own log. */
  recentLog() {
    const logs = join(this.folder, 'server', 'data', 'logs');
    const all = [join(this.folder, 'user', 'logs'), logs].flatMap(filesBelow).filter((path) => /Plue.*\.log$/.test(path));
    const told = all.map(
      (path) => `--- ${path.slice(this.folder.length)}\n${readFileSync(path, 'utf8').trimEnd().split('\n').slice(-25).join('\n')}`,
    );
    return ['--- console', ...this.console.slice(-15), ...told].join('\n');
  }

  async close() {
    await this.#coverage.take();
    await takeHostCoverage();
    await this.#context.close();
    await this.#server.stop();
    if (process.env.PLUE_KEEP) return;
    try {
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
    } catch (error) {
      // A program that a step started may still write there; the scenario is over all the same.
      console.warn(`${this.folder} was left behind: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** @param {WorkbenchOptions} options */
function isInstalled({ installed, vsix }) {
  return installed === true || vsix !== undefined;
}

/** @param {string} folder @param {WorkbenchOptions} options @param {number} [port] */
async function startServer(folder, options, port) {
  return startVsCodeServer({
    dataDir: folder,
    ...(port === undefined ? {} : { port }),
    env: {
      ...bareEnvironment(),
      HOME: join(folder, 'home'),
      PLUE_HOME: join(folder, 'plue'),
      // A package brings its own.
      ...(options.vsix === undefined ? { PLUE_SERVER_PATH: await sidecarUnderTest() } : {}),
      ...ownTemporary(folder),
      ...hostCoverage.env,
      ...options.env,
    },
    nodeArgs: hostCoverage.nodeArgs,
    // The driver opens extensions under development, and keeps VS Code from showing notifications.
    args: [...(isInstalled(options) ? [] : ['--enable-smoke-test-driver']), ...(options.language ? ['--locale', options.language] : [])],
  });
}

/** Sockets and folders that killed processes leave go with the workbench. A socket's path is limited, and macOS' folder long already. @param {string} folder @returns {NodeJS.ProcessEnv} */
function ownTemporary(folder) {
  if (process.platform !== 'linux') return {};
  mkdirSync(join(folder, 'tmp'), { recursive: true });
  return { TMPDIR: join(folder, 'tmp') };
}

/** VS Code speaks a language only with a pack of it, which may be empty. @param {string} folder @param {string} language */
function writeLanguagePack(folder, language) {
  const words = join(folder, 'words.json');
  writeFileSync(words, JSON.stringify({ contents: {} }));
  const extensions = [{ extensionIdentifier: { id: `plue.words-${language}` }, version: '1.0.0' }];
  const pack = { hash: language, label: language, extensions, translations: { vscode: words } };
  writeFileSync(join(folder, 'languagepacks.json'), JSON.stringify({ [language]: pack }));
}

/** @param {string} folder @param {string} theme @param {WorkbenchOptions} options */
function writeUserSettings(folder, theme, { trusted = true, settings: more }) {
  const user = join(folder, 'user', 'User');
  mkdirSync(user, { recursive: true });
  const settings = {
    'workbench.colorTheme': theme,
    'workbench.startupEditor': 'none',
    'workbench.tips.enabled': false,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    'chat.disableAIFeatures': true,
    'telemetry.telemetryLevel': 'off',
    'extensions.autoUpdate': false,
    'extensions.ignoreRecommendations': true,
    ...(trusted ? { 'security.workspace.trust.enabled': false } : {}),
    ...more,
  };
  writeFileSync(join(user, 'settings.json'), JSON.stringify(settings, null, 2));
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

/** @param {string} folder @returns {string[]} */
function filesBelow(folder) {
  try {
    return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
  } catch {
    return [];
  }
}
