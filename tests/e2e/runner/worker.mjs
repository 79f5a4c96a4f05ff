// Runs scenarios one at a time in one browser and, unless a scenario needs its own, on one VS Code server.
import { rmSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { requireChromium } from '../../../scripts/lib/chromium.mjs';
import { browserArguments } from './browser.mjs';
import { runInHostSuite } from './inHostSuite.mjs';
import { Scenario } from './scenario.mjs';
import { VsCode } from './vsCode.mjs';

export const inHost = 'inHost';

export class Worker {
  #browser;
  #isVisual;
  /** @type {Promise<VsCode> | undefined} */
  #vsCode;

  /** @param {import('playwright-core').Browser} browser @param {boolean} isVisual True if looks are also checked. */
  constructor(browser, isVisual) {
    this.#browser = browser;
    this.#isVisual = isVisual;
  }

  /** @param {boolean} isVisual */
  static async start(isVisual) {
    return new Worker(await chromium.launch({ executablePath: await requireChromium(), args: browserArguments }), isVisual);
  }

  /** @param {string} name A scenario's file, or the suite inside the extension host. */
  async run(name) {
    if (name === inHost) return runInHostSuite(this.#browser);
    const scenario = new Scenario(name, this.#browser, () => (this.#vsCode ??= VsCode.start()), this.#isVisual);
    try {
      const { default: runSteps } = await import(new URL(`../scenarios/${name}.mjs`, import.meta.url).href);
      await runSteps(scenario);
    } catch (error) {
      scenario.fail('reaches its first step', error);
    }
    try {
      await scenario.end();
    } catch (error) {
      scenario.fail('leaves nothing behind', error);
      await this.#stopServer();
    }
    return scenario.results;
  }

  async stop() {
    await this.#stopServer();
    await this.#browser.close();
  }

  async #stopServer() {
    const vsCode = await this.#vsCode;
    this.#vsCode = undefined;
    if (vsCode === undefined) return;
    await vsCode.stop();
    rmSync(vsCode.folder, { recursive: true, force: true, maxRetries: 20 });
  }
}
