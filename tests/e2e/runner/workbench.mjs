// One VS Code window with Plue: its own browser profile, user data, workspace, home and Plue home, on a shared or separate server.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchRequests } from './requests.mjs';
import { VsCode } from './vsCode.mjs';

/**
 * @typedef {object} WorkbenchOptions
 * @property {'Dark Modern' | 'Light Modern' | 'Default High Contrast'} [theme]
 * @property {boolean} [trusted] True if the folder is trusted from the start.
 * @property {NodeJS.ProcessEnv} [env]
 * @property {boolean} [ownServer] Uses a separate server, because it is restarted, a program outlives the window, or the server itself is tested.
 * @property {boolean} [isQuiet] Shows no notifications: Plue runs under development instead of installed. Uses a separate server.
 * @property {string} [vsix] A package to install instead of this checkout.
 * @property {boolean} [forgetsSecrets] VS Code keeps its secrets only in memory, as a served one may.
 * @property {'de' | 'zh-cn'} [language] VS Code's language as reported to extensions. Its own texts stay English, because there is no language pack.
 * @property {string} [tests] A test entry point to run inside the extension host.
 * @property {Record<string, unknown>} [settings] Additional user settings.
 * @property {string} [workspaceFile] A workspace file to open instead of the folder next to it.
 * @property {(home: string) => void} [prepare] Writes to the Plue home before anything starts.
 * @property {(folder: string) => void} [extensions] Writes additional extensions before the server starts; they are not shared with other windows.
 */

/**
 * The address of a webview shows that it is in the side bar, but not after it was hidden and shown again. If a side bar is open, however,
 * only its webview is at the left edge of the window.
 */
const viewShownAgain = '.monaco-workbench:not(.nosidebar) .webview-overlay-outer-left:not(.webview-overlay-outer-right)';
export const pages = {
  editor: `:not(${viewShownAgain}) > iframe.webview.ready:not([src*="purpose=webviewView"])`,
  view: `iframe.webview.ready[src*="purpose=webviewView"], ${viewShownAgain} > iframe.webview.ready`,
  /** Wherever it is, while no other page is open. */
  only: 'iframe.webview.ready',
};

const bodyClasses = { 'Dark Modern': 'vscode-dark', 'Light Modern': 'vscode-light', 'Default High Contrast': 'vscode-high-contrast' };

export class Workbench {
  #vsCode;
  #isOwn;
  #context;
  #options;
  #logsBefore;

  /**
   * @param {string} folder Contains all data of this workbench; removed at the end.
   * @param {VsCode} vsCode
   * @param {boolean} isOwn True if the server ends with the window.
   * @param {import('playwright-core').BrowserContext} context
   * @param {import('playwright-core').Page} page
   * @param {WorkbenchOptions} options
   */
  constructor(folder, vsCode, isOwn, context, page, options) {
    this.folder = folder;
    this.#vsCode = vsCode;
    this.#isOwn = isOwn;
    this.#logsBefore = new Set(vsCode.logs());
    this.#context = context;
    this.page = page;
    this.#options = options;
    this.requests = watchRequests(context, vsCode.origin);
    /** @type {string[]} */
    this.console = [];
    page.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.console.push(`uncaught: ${error.message}`));
  }

  /**
   * @param {import('playwright-core').Browser} browser @param {string} name @param {WorkbenchOptions} [options]
   * @param {() => Promise<VsCode>} [shared] Returns the shared server; called only if this window may use it.
   */
  static async open(browser, name, options = {}, shared = undefined) {
    const folder = mkdtempSync(join(tmpdir(), `plue-e2e-${name}-`));
    const within = (/** @type {string} */ part) => {
      mkdirSync(join(folder, part), { recursive: true });
      return join(folder, part);
    };
    writeFileSync(join(within('workspace'), 'hello.txt'), 'A file of the workspace.\n');
    within('home');
    options.prepare?.(within('plue'));
    const isOwn = shared === undefined || needsOwnServer(options);
    const vsCode = isOwn ? await VsCode.start(options, folder) : await shared();
    vsCode.writeSettings(userSettings(options.theme ?? 'Dark Modern', options));
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
    // Without this reply the window's secrets are only in memory.
    if (!options.forgetsSecrets) await context.route('**/mint-key', (route) => route.fulfill({ body: Buffer.alloc(32, 7) }));
    const workbench = new Workbench(folder, vsCode, isOwn, context, await context.newPage(), options);
    return workbench;
  }

  /**
   * Closes the window, and a separate server, and opens it again with the same address and profile.
   * @param {() => Promise<void>} [meanwhile] Runs while the window is closed.
   */
  async restart(meanwhile) {
    await this.#closeWindow(() => this.page.close());
    await meanwhile?.();
    if (this.#isOwn) await this.#vsCode.restart();
    this.page = await this.#context.newPage();
    await this.show();
  }

  get plueHome() {
    return join(this.folder, 'plue');
  }

  /** Location of the chat used by a scenario. @type {keyof typeof pages} */
  chatPlace = 'editor';

  /** The page of the current chat. */
  get chat() {
    return this.page.frameLocator(pages[this.chatPlace]).frameLocator('#active-frame');
  }

  /** The page of the Approvals view. */
  get approvals() {
    return this.page.frameLocator(pages.view).frameLocator('#active-frame');
  }

  /** The address of the window. */
  get url() {
    return this.#vsCode.url(join(this.folder, this.#options.workspaceFile ?? 'workspace'));
  }

  /** Passes the window's environment to the server before it opens. */
  prepare() {
    return this.#vsCode.prepareWindow(this.folder, this.#options.env ?? {});
  }

  /** Opens or reopens the window. */
  async show() {
    await this.prepare();
    await this.page.goto(this.url);
    await this.#ready();
  }

  /** Reloads the window as a user does; VS Code writes its state first. */
  async reload() {
    const loaded = this.page.waitForEvent('load', { timeout: 60_000 });
    await this.command('Developer: Reload Window');
    await loaded;
    await this.#ready();
  }

  async #ready() {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: 60_000 });
  }

  /**
   * Waits for a condition outside the page, or about several of its elements.
   * @param {() => Promise<boolean>} isSo @param {number} [timeout] In milliseconds.
   */
  async until(isSo, timeout = 30_000) {
    const end = Date.now() + timeout;
    while (!(await isSo())) {
      if (Date.now() > end) throw new Error(`It did not become so within ${timeout / 1000} s: ${isSo}`);
      // There are no events outside the page, which may be closed.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Runs a command of the Command Palette by its title, such as "Plue: New Chat". @param {string} title */
  async command(title) {
    const input = this.page.locator('.quick-input-widget input');
    // A panel that takes focus closes the Command Palette, which is then opened again.
    for (let attempt = 1; ; attempt++) {
      try {
        await this.page.keyboard.press('F1');
        await input.waitFor({ timeout: 10_000 });
        await input.fill(`>${title}`, { timeout: 5_000 });
        // A longer title can also match and be listed above it.
        await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click({ timeout: 10_000 });
        return;
      } catch (error) {
        if (attempt === 3) throw error;
        // In a chat, the same key stops the response.
        if (await input.isVisible()) await this.page.keyboard.press('Escape');
      }
    }
  }

  /** Changes the theme for the next {@link show}. @param {NonNullable<WorkbenchOptions['theme']>} theme */
  setTheme(theme) {
    this.#vsCode.writeSettings(userSettings(theme, this.#options));
    return bodyClasses[theme];
  }

  /** Returns the document inside the webview, for what a locator cannot do. */
  chatFrame() {
    return this.#frame(pages[this.chatPlace]);
  }

  /** Returns the document of the page in the editor area, while the chat is in a side bar. */
  editorFrame() {
    return this.#frame(pages.editor);
  }

  /** Returns the document of the Approvals view. */
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

  /** Returns the process IDs of this window's running extension hosts. */
  #hosts() {
    try {
      return readdirSync(join(this.folder, 'hosts')).map(Number).filter(isRunning);
    } catch {
      return []; // none was started
    }
  }

  /** Returns the process ID of this window's sidecar, a child of its extension host (Linux). */
  sidecarPid() {
    const hosts = this.#hosts();
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const [program = '', file = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        const isPlue = program.endsWith('/plue') || file.endsWith('plue.dll');
        if (isPlue && hosts.includes(Number(parent))) return Number(pid);
      } catch {
        // The process has ended, or may not be read.
      }
    }
    throw new Error('No sidecar runs for this window.');
  }

  /** Waits for a sidecar with another process ID. @param {number} before */
  async nextSidecar(before) {
    await this.until(async () => {
      try {
        return this.sidecarPid() !== before;
      } catch {
        return false; // none is running
      }
    });
  }

  /** @param {string} path */
  async screenshot(path) {
    await this.page.screenshot({ path });
  }

  /** Returns the ends of the extension's log and of the page's console, which may explain a failure. */
  recentLog() {
    const logs = this.#vsCode.logs().filter((path) => !this.#logsBefore.has(path));
    const ends = logs.map((path) => `--- ${path}\n${readFileSync(path, 'utf8').trimEnd().split('\n').slice(-25).join('\n')}`);
    return [...ends, '--- console', ...this.console.slice(-15)].join('\n');
  }

  async close() {
    await this.#closeWindow(() => this.#context.close());
    if (this.#isOwn) await this.#vsCode.stop();
    else this.#vsCode.reset();
    this.#endSidecars();
    if (process.env.PLUE_KEEP) return;
    try {
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
    } catch (error) {
      // A program that a step started may still write there; this is not a failure.
      console.warn(`${this.folder} was left behind: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Ends the sidecars that continue with running work after the window. */
  #endSidecars() {
    for (const file of this.detachedSidecars()) {
      const { processId } = JSON.parse(readFileSync(file, 'utf8'));
      if (isRunning(processId)) process.kill(processId, 'SIGKILL');
    }
  }

  /** Returns the files of the sidecars that continue without a window. */
  detachedSidecars() {
    const folder = join(this.plueHome, 'index', 'detached');
    return (existsSync(folder) ? readdirSync(folder) : []).filter((name) => name.endsWith('.json')).map((name) => join(folder, name));
  }

  /** Waits until the extension host of the window has ended and written its data. @param {() => Promise<void>} close */
  async #closeWindow(close) {
    await close();
    const end = Date.now() + 30_000;
    while (this.#hosts().length > 0) {
      if (Date.now() > end) throw new Error(`The window is closed, and its extension host still runs: ${this.#hosts().join(', ')}.`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** True for options of the server, and for data that would outlive the window. @param {WorkbenchOptions} options */
const needsOwnServer = ({ ownServer, isQuiet, vsix, language, tests, extensions }) =>
  ownServer === true || isQuiet === true || [vsix, language, tests, extensions].some((option) => option !== undefined);

/** @param {NonNullable<WorkbenchOptions['theme']>} theme @param {WorkbenchOptions} options */
function userSettings(theme, { trusted = true, settings: more }) {
  return {
    'workbench.colorTheme': theme,
    'workbench.startupEditor': 'none',
    'workbench.tips.enabled': false,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    // Opens each chat in a tab; the scenario of the chat view turns it off.
    'plue.chat.location': 'editor',
    'chat.disableAIFeatures': true,
    'telemetry.telemetryLevel': 'off',
    'extensions.autoUpdate': false,
    'extensions.ignoreRecommendations': true,
    ...(trusted ? { 'security.workspace.trust.enabled': false } : {}),
    ...more,
  };
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
