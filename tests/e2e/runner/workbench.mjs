// One VS Code window with Plue: its own browser profile, user data, workspace, home and Plue home; on a server that had other windows before, or on its own.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchRequests } from './requests.mjs';
import { VsCode } from './vsCode.mjs';

/**
 * @typedef {object} WorkbenchOptions
 * @property {'Dark Modern' | 'Light Modern' | 'Default High Contrast'} [theme]
 * @property {boolean} [trusted] Whether the folder is trusted from the start.
 * @property {NodeJS.ProcessEnv} [env]
 * @property {boolean} [ownServer] A server of its own, because it is restarted, because a program outlives the window, or because the server itself is looked at.
 * @property {boolean} [isQuiet] No notification is shown: Plue is under development, and not installed as a user has it. With a server of its own.
 * @property {string} [vsix] The package that is installed, in place of this checkout.
 * @property {boolean} [forgetsSecrets] VS Code keeps its secrets in memory only, as a served one may.
 * @property {'de' | 'zh-cn'} [language] What VS Code speaks, as far as it is told to extensions: its own words stay English, because no language pack is at hand.
 * @property {string} [tests] A test entry point to run inside the extension host.
 * @property {Record<string, unknown>} [settings] More of the user's settings.
 * @property {string} [workspaceFile] Opened in place of the folder; beside it.
 * @property {(home: string) => void} [prepare] Writes into the Plue home before anything starts.
 * @property {(folder: string) => void} [extensions] Writes more extensions before the server starts, which no other window shares.
 */

/**
 * VS Code says in a webview's address when it is a view of the side bar; of one that was hidden and is shown again it says nothing more, but with a
 * side bar nobody else is at the left edge of the window alone.
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
   * @param {string} folder Holds everything of this workbench; removed at the end.
   * @param {VsCode} vsCode
   * @param {boolean} isOwn Whether the server ends with the window.
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
   * @param {() => Promise<VsCode>} [shared] The server that other windows had before; asked for only when this one may share it.
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
    // Without this answer the window's secrets live in memory only.
    if (!options.forgetsSecrets) await context.route('**/mint-key', (route) => route.fulfill({ body: Buffer.alloc(32, 7) }));
    const workbench = new Workbench(folder, vsCode, isOwn, context, await context.newPage(), options);
    return workbench;
  }

  /** Ends the window, and the server if it is its own, as at the end of a day, and opens it again: same address, same profile. */
  async restart() {
    await this.#closeWindow(() => this.page.close());
    if (this.#isOwn) await this.#vsCode.restart();
    this.page = await this.#context.newPage();
    await this.show();
  }

  get plueHome() {
    return join(this.folder, 'plue');
  }

  /** Where the chat is that a scenario means. @type {keyof typeof pages} */
  chatPlace = 'editor';

  /** The page of the chat in front. */
  get chat() {
    return this.page.frameLocator(pages[this.chatPlace]).frameLocator('#active-frame');
  }

  /** The page of the Approvals view, once it is looked at. */
  get approvals() {
    return this.page.frameLocator(pages.view).frameLocator('#active-frame');
  }

  /** The address of the window. */
  get url() {
    return this.#vsCode.url(join(this.folder, this.#options.workspaceFile ?? 'workspace'));
  }

  /** Hands the server what the window needs before it opens. */
  prepare() {
    return this.#vsCode.prepareWindow(this.folder, this.#options.env ?? {});
  }

  /** Opens the window, or opens it again. */
  async show() {
    await this.prepare();
    await this.page.goto(this.url);
    await this.#ready();
  }

  /** Reloads the window as a user does: VS Code writes its state down first. */
  async reload() {
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
      // Something outside the page reports nothing.
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
    this.#vsCode.writeSettings(userSettings(theme, this.#options));
    return bodyClasses[theme];
  }

  /** The document inside the webview, for what a locator cannot do. */
  chatFrame() {
    return this.#frame(pages[this.chatPlace]);
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

  /** The process ids of this window's extension hosts that run. */
  #hosts() {
    try {
      return readdirSync(join(this.folder, 'hosts')).map(Number).filter(isRunning);
    } catch {
      return []; // None was started.
    }
  }

  /** The process id of this window's sidecar, found by the extension host that started it (Linux). */
  sidecarPid() {
    const hosts = this.#hosts();
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const [program = '', file = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        const parent = /^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
        const isPlue = program.endsWith('/plue') || file.endsWith('plue.dll');
        if (isPlue && hosts.includes(Number(parent))) return Number(pid);
      } catch {
        // Gone meanwhile, or not ours to read.
      }
    }
    throw new Error('No sidecar runs for this window.');
  }

  /** Waits until a sidecar runs that is not the one before. @param {number} before */
  async nextSidecar(before) {
    await this.until(async () => {
      try {
        return this.sidecarPid() !== before;
      } catch {
        return false; // None runs just now.
      }
    });
  }

  /** @param {string} path */
  async screenshot(path) {
    await this.page.screenshot({ path });
  }

  /** What may explain a failure: the ends of the extension's own log and of the page's console. */
  recentLog() {
    const logs = this.#vsCode.logs().filter((path) => !this.#logsBefore.has(path));
    const ends = logs.map((path) => `--- ${path}\n${readFileSync(path, 'utf8').trimEnd().split('\n').slice(-25).join('\n')}`);
    return [...ends, '--- console', ...this.console.slice(-15)].join('\n');
  }

  async close() {
    await this.#closeWindow(() => this.#context.close());
    if (this.#isOwn) await this.#vsCode.stop();
    else this.#vsCode.reset();
    if (process.env.PLUE_KEEP) return;
    try {
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 20 });
    } catch (error) {
      // A program that a step started may still write there; the scenario is over all the same.
      console.warn(`${this.folder} was left behind: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** The extension host of a window ends with it; what it is to keep is kept then. @param {() => Promise<void>} close */
  async #closeWindow(close) {
    await close();
    const end = Date.now() + 30_000;
    while (this.#hosts().length > 0) {
      if (Date.now() > end) throw new Error(`The window is closed, and its extension host still runs: ${this.#hosts().join(', ')}.`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** What a server is started with, or what would outlive the window. @param {WorkbenchOptions} options */
const needsOwnServer = ({ ownServer, isQuiet, vsix, language, tests, extensions }) =>
  ownServer === true || isQuiet === true || [vsix, language, tests, extensions].some((option) => option !== undefined);

/** @param {NonNullable<WorkbenchOptions['theme']>} theme @param {WorkbenchOptions} options */
function userSettings(theme, { trusted = true, settings: more }) {
  return {
    'workbench.colorTheme': theme,
    'workbench.startupEditor': 'none',
    'workbench.tips.enabled': false,
    'workbench.secondarySideBar.defaultVisibility': 'hidden',
    // A tab for each chat; the scenario of the chat view turns it off.
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
