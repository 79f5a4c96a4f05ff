// Takes pictures of views in every theme and size, and finds layout problems automatically.
// For a webview, the theme is applied directly to its page, which is fast. For VS Code's own UI, the theme is switched first.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { contrastFindings } from '../runner/accessibility.mjs';
import { pages } from '../runner/workbench.mjs';
import { layoutProblems } from './layoutProblems.mjs';
import { sizes, sideBarSizes, themes } from './sizes.mjs';

/**
 * @typedef {object} Photograph
 * @property {string} view
 * @property {string} state
 * @property {string} theme
 * @property {string} sizeName
 * @property {string} file
 *
 * @typedef {{style: string, classes: string, data: Record<string, string>}} ThemeStyles Styles that a theme applies to a page.
 *
 * @typedef {object} PictureOptions
 * @property {() => Promise<unknown>} [again] Opens what a change of the window size closed.
 * @property {'editor' | 'view'} [place] Location of the webview.
 */

/** Height of VS Code's parts around an editor: title, tabs and status bar. */
const aroundHeight = 94;

export class Album {
  /** @type {Photograph[]} */
  photographs = [];
  /** @type {{where: string, what: string}[]} */
  findings = [];
  /** @type {import('../runner/workbench.mjs').Workbench | undefined} */
  #inFront;
  /** Scenes that failed. @type {string[]} */
  failures = [];
  /** @type {Map<string, ThemeStyles>} */
  #themeStyles = new Map();

  /**
   * @param {string} folder
   * @param {{views?: string[], isQuick?: boolean}} [options] `views` limits the views; `isQuick` uses each theme in one sizeName, and each sizeName in one theme.
   */
  constructor(folder, { views, isQuick = false } = {}) {
    this.folder = folder;
    this.views = views;
    this.isQuick = isQuick;
    mkdirSync(folder, { recursive: true });
  }

  /** @param {string} view */
  wants(view) {
    return this.views === undefined || this.views.includes(view);
  }

  /**
   * Runs an independent part of a story: if it fails, the others continue.
   * @param {string[]} views Views that it shows. @param {() => Promise<unknown>} play
   */
  async scene(views, play) {
    if (!views.some((view) => this.wants(view))) return;
    try {
      await play();
    } catch (error) {
      this.failures.push(`${views.join(', ')}: ${error instanceof Error ? error.stack : error}`);
      // Without a window, no picture is possible.
      await this.#inFront?.screenshot(join(this.folder, `failed-${views.join('-')}.png`)).catch(() => {});
    }
  }

  /** Reads the styles that each theme applies to a page; requires an open page. @param {import('../runner/workbench.mjs').Workbench} workbench */
  async learnThemes(workbench) {
    this.#inFront = workbench;
    if (this.#themeStyles.size > 0) return;
    for (const [name, theme] of [...Object.entries(themes).filter(([one]) => one !== 'dark'), ['dark', themes.dark]]) {
      await switchTheme(workbench, String(theme));
      const frame = await workbench.chatFrame();
      await frame.waitForFunction((id) => document.body.dataset.vscodeThemeName === id, String(theme));
      this.#themeStyles.set(
        String(name),
        await frame.evaluate(() => ({
          style: document.documentElement.style.cssText,
          classes: document.body.className,
          data: Object.fromEntries(Object.entries(document.body.dataset).map(([key, value]) => [key, value ?? ''])),
        })),
      );
    }
  }

  /** @param {import('../runner/workbench.mjs').Workbench} workbench @param {string} view @param {string} state @param {PictureOptions} [pose] */
  async take(workbench, view, state, { again, place = 'editor' } = {}) {
    if (!this.wants(view)) return;
    for (const [sizeName, size] of Object.entries(place === 'editor' ? sizes : sideBarSizes)) {
      await (place === 'editor' ? giveRoom(workbench, size) : giveSideBar(workbench, size));
      await again?.();
      for (const theme of Object.keys(themes)) {
        if (this.isQuick && theme !== 'dark' && sizeName !== '100-wide') continue;
        const frame = await (place === 'editor' ? workbench.chatFrame() : workbench.approvalsFrame());
        await this.#dress(frame, theme);
        const where = `${view}-${state}-${theme}-${sizeName}`;
        const box = await (await frame.parentFrame()?.frameElement())?.boundingBox();
        if (!box) throw new Error(`${where}: the page is not to be seen.`);
        await this.#keep(workbench, { view, state, theme, sizeName }, box);
        if (theme === 'dark') this.#note(where, await frame.evaluate(layoutProblems));
        if (sizeName === '100-wide') this.#note(where, await contrastFindings(frame));
      }
      await this.#dress(await (place === 'editor' ? workbench.chatFrame() : workbench.approvalsFrame()), 'dark');
    }
    await giveRoom(workbench, sizes['100-wide']);
  }

  /**
   * Takes pictures of VS Code's own UI.
   * @param {import('../runner/workbench.mjs').Workbench} workbench @param {string} view @param {string} state
   * @param {{part?: string, again?: () => Promise<unknown>}} [pose]
   */
  async takeWindow(workbench, view, state, { part = '.part.editor', again } = {}) {
    if (!this.wants(view)) return;
    const isSideBar = part.includes('sidebar');
    for (const [theme, name] of Object.entries(themes)) {
      await switchTheme(workbench, name);
      for (const [sizeName, size] of Object.entries(isSideBar ? sideBarSizes : sizes)) {
        if (this.isQuick && theme !== 'dark' && sizeName !== '100-wide') continue;
        await (isSideBar ? giveSideBar(workbench, size) : giveRoom(workbench, size));
        await again?.();
        const box = await workbench.page.locator(part).boundingBox();
        if (!box) throw new Error(`${view}-${state}: ${part} is not to be seen.`);
        await this.#keep(workbench, { view, state, theme, sizeName }, box);
      }
    }
    await giveRoom(workbench, sizes['100-wide']);
    await switchTheme(workbench, themes.dark);
  }

  /** @param {import('playwright-core').Frame} frame @param {string} theme */
  async #dress(frame, theme) {
    const themeStyles = this.#themeStyles.get(theme);
    if (!themeStyles) throw new Error(`The theme ${theme} was not learned.`);
    await frame.evaluate(async ({ style, classes, data }) => {
      document.documentElement.style.cssText = style;
      document.body.className = classes;
      Object.assign(document.body.dataset, data);
      const frames = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      await frames();
    }, themeStyles);
  }

  /** @param {import('../runner/workbench.mjs').Workbench} workbench @param {Omit<Photograph, 'file'>} what @param {{x: number, y: number, width: number, height: number}} clip */
  async #keep(workbench, what, clip) {
    const file = `${what.view}-${what.state}-${what.theme}-${what.sizeName}.png`;
    await workbench.page.screenshot({ path: join(this.folder, file), clip });
    this.photographs.push({ ...what, file });
  }

  /** @param {string} where @param {string[]} sentences */
  #note(where, sentences) {
    for (const what of sentences) this.findings.push({ where, what });
  }
}

/**
 * Resizes the window so that the editor has this size.
 * @param {import('../runner/workbench.mjs').Workbench} workbench @param {import('./sizes.mjs').Size} size
 */
export async function giveRoom({ page }, { width, height }) {
  await page.setViewportSize({ width, height: height + aroundHeight });
}

/** Closes all editors, and retries if a page takes focus before the command runs. @param {import('../runner/workbench.mjs').Workbench} workbench */
export async function closeEditors(workbench) {
  const open = workbench.page.locator(pages.editor);
  for (let attempt = 1; attempt <= 3; attempt++) {
    await workbench.command('View: Close All Editors');
    const isClosed = await open
      .first()
      .waitFor({ state: 'detached', timeout: 5_000 })
      .then(
        () => true,
        () => false,
      );
    if (isClosed) return;
  }
  throw new Error('The editors cannot be closed.');
}

/** @param {import('../runner/workbench.mjs').Workbench} workbench @param {import('./sizes.mjs').Size} size */
async function giveSideBar({ page }, { width, height }) {
  await page.setViewportSize({ width: 1000, height });
  const bar = await page.locator('.part.sidebar').boundingBox();
  if (!bar) throw new Error('The side bar is not to be seen.');
  const edge = bar.x + bar.width;
  await page.mouse.move(edge, height - 60);
  await page.mouse.down();
  await page.mouse.move(edge + (bar.x + width - edge) / 2, height - 60);
  await page.mouse.move(bar.x + width, height - 60);
  await page.mouse.up();
  await page.mouse.move(990, 10);
}

/** Uses VS Code's theme picker. @param {import('../runner/workbench.mjs').Workbench} workbench @param {string} theme */
async function switchTheme(workbench, theme) {
  await giveRoom(workbench, sizes['100-wide']);
  await workbench.command('Preferences: Color Theme');
  const widget = workbench.page.locator('.quick-input-widget:visible');
  await widget
    .locator('.monaco-list-row', { hasText: /Modern/ })
    .first()
    .waitFor();
  await widget.locator('input[type="text"]').first().fill(theme);
  await widget
    .locator('.monaco-list-row')
    .filter({ hasText: new RegExp(`^${theme}`) })
    .first()
    .click();
  await widget.waitFor({ state: 'hidden' });
}
