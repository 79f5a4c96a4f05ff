// A scenario leads through the workbench in steps. Each step is a test with a sentence as its name; one that
// fails leaves a picture, and the rest cannot be reached, so it fails as well.
import { inArtifacts } from '../../../scripts/lib/paths.mjs';
import { say } from '../../../scripts/lib/progress.mjs';
import { Workbench } from './workbench.mjs';

export class Scenario {
  /** @type {import('../../../scripts/lib/testResults.mjs').TestResult[]} */
  results = [];
  /** @type {string | undefined} */
  #brokenAt;
  /** @type {Workbench | undefined} */
  #workbench;

  /**
   * @param {string} name @param {import('playwright-core').Browser} browser @param {() => Promise<import('./vsCode.mjs').VsCode>} shared The server of scenarios that share one.
   * @param {boolean} isVisual Whether looks are checked as well.
   */
  constructor(name, browser, shared, isVisual) {
    this.name = name;
    this.browser = browser;
    this.shared = shared;
    this.isVisual = isVisual;
  }

  /** Opens this scenario's own window, isolated from every other, in place of the one before. @param {import('./workbench.mjs').WorkbenchOptions} [options] */
  async open(options) {
    await this.#workbench?.close();
    this.#workbench = await Workbench.open(this.browser, this.name, options, this.shared);
    return this.#workbench;
  }

  /** A step that only looks: when it fails the scenario goes on. @param {string} sentence @param {() => Promise<unknown>} work */
  async look(sentence, work) {
    const brokenAt = this.#brokenAt;
    await this.step(sentence, work);
    this.#brokenAt = brokenAt;
  }

  /** A look in another theme or size, or for a picture of the documentation: only where looks are checked. @param {string} sentence @param {() => Promise<unknown>} work */
  async visual(sentence, work) {
    if (this.isVisual) await this.look(sentence, work);
  }

  /** @param {string} sentence @param {() => Promise<unknown>} work */
  async step(sentence, work) {
    if (this.#brokenAt) {
      this.#add({ name: sentence, outcome: 'failed', reason: `Not reached, because “${this.#brokenAt}” failed.` });
      return;
    }
    const started = Date.now();
    try {
      await work();
      this.#add({ name: sentence, outcome: 'passed' }, started);
    } catch (error) {
      this.#brokenAt = sentence;
      const log = this.#workbench ? `\n${this.#workbench.recentLog()}` : '';
      this.#add({ name: sentence, outcome: 'failed', reason: `${error instanceof Error ? error.stack : error}${log}` }, started);
      await this.#picture(sentence);
    }
  }

  /** @param {string} sentence @param {string} reason */
  skip(sentence, reason) {
    this.#add({ name: sentence, outcome: 'skipped', reason });
  }

  /** A failure outside any step. @param {string} name @param {unknown} error */
  fail(name, error) {
    this.#add({ name, outcome: 'failed', reason: String(error instanceof Error ? error.stack : error) });
  }

  async end() {
    await this.#workbench?.close();
  }

  /** @param {import('../../../scripts/lib/testResults.mjs').TestResult} result @param {number} [started] */
  #add(result, started) {
    const seconds = started === undefined ? undefined : (Date.now() - started) / 1000;
    this.results.push({ ...result, name: `${this.name}: ${result.name}`, seconds });
    say(`  ${result.outcome.padEnd(7)} ${this.name}: ${result.name}${seconds === undefined ? '' : ` (${seconds.toFixed(1)} s)`}`);
  }

  /** @param {string} sentence */
  async #picture(sentence) {
    const number = String(this.results.length).padStart(2, '0');
    const slug = sentence
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 60);
    // A workbench that is not open, or broken, has no picture; the step reports why.
    await this.#workbench?.screenshot(inArtifacts('screenshots', `${this.name}-${number}-${slug}.png`)).catch(() => {});
  }
}
