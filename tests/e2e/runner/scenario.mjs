// A scenario runs steps in the workbench. Each step is a test with a sentence as its name. After a step fails, a picture
// is taken and the remaining steps also fail, because they cannot be reached.
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
   * @param {string} name @param {import('playwright-core').Browser} browser @param {() => Promise<import('./vsCode.mjs').VsCode>} shared Returns the server
   * that scenarios share.
   * @param {boolean} isVisual True if looks are also checked.
   */
  constructor(name, browser, shared, isVisual) {
    this.name = name;
    this.browser = browser;
    this.shared = shared;
    this.isVisual = isVisual;
  }

  /** Closes the previous window and opens a new one, isolated from all others. @param {import('./workbench.mjs').WorkbenchOptions} [options] */
  async open(options) {
    await this.#workbench?.close();
    this.#workbench = await Workbench.open(this.browser, this.name, options, this.shared);
    return this.#workbench;
  }

  /** Runs a step that only checks looks: if it fails, the scenario continues. @param {string} sentence @param {() => Promise<unknown>} work */
  async look(sentence, work) {
    const brokenAt = this.#brokenAt;
    await this.step(sentence, work);
    this.#brokenAt = brokenAt;
  }

  /**
   * Checks another theme or size, or takes a picture for the documentation, if looks are checked.
   * @param {string} sentence @param {() => Promise<unknown>} work
   */
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

  /** Adds a failure outside any step. @param {string} name @param {unknown} error */
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
    // A workbench that is closed or broken has no picture; the step reports the reason.
    await this.#workbench?.screenshot(inArtifacts('screenshots', `${this.name}-${number}-${slug}.png`)).catch(() => {});
  }
}
