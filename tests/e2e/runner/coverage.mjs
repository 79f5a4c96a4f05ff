// Counts what of the extension's bundles runs in a real VS Code: in its pages by the browser, in its host by hostCoverage.cjs.
// Only where PLUE_COVERAGE names the folder to write to, and on Linux.
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bundlePath } from '../../../scripts/lib/bundleCoverage.mjs';
import { inRoot } from '../../../scripts/lib/paths.mjs';

const folder = process.platform === 'linux' ? process.env.PLUE_COVERAGE : undefined;
const hook = inRoot('tests', 'e2e', 'runner', 'hostCoverage.cjs');
const bundle = /\/extension\/out\/(?:webview\/)?(\w+\.js)$/;

/** @typedef {{url: string, functions: {ranges: {startOffset: number, endOffset: number, count: number}[]}[]}} ScriptCoverage */

/** What the VS Code server is started with; its extension host gets the same. */
export const hostCoverage = folder ? { env: { PLUE_COVERAGE: folder }, nodeArgs: ['--require', hook] } : { env: {}, nodeArgs: [] };

/** Counts in one page with all its frames, until it is asked for. */
export class PageCoverage {
  /** @type {import('playwright-core').CDPSession | undefined} */
  #session;

  /** @param {import('playwright-core').Page} page */
  async start(page) {
    if (!folder) return;
    this.#session = await page.context().newCDPSession(page);
    await this.#session.send('Profiler.enable');
    await this.#session.send('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Writes down what ran since the last time. A page that is gone has nothing to tell. */
  async take() {
    const taken = await this.#session?.send('Profiler.takePreciseCoverage').catch(() => undefined);
    if (taken) addUp(taken.result);
  }
}

/** Lets the extension hosts below a VS Code server write down what ran, and adds it up. */
export async function takeHostCoverage() {
  if (!folder) return;
  for (const pid of readdirSync(folder).flatMap((name) => /^host-(\d+)$/.exec(name)?.[1] ?? [])) {
    const written = () => readdirSync(folder).filter((name) => name.startsWith(`host-${pid}-`) && name.endsWith('.json')).length;
    const before = written();
    try {
      process.kill(Number(pid), 'SIGUSR2');
    } catch {
      continue; // It was killed.
    }
    for (let waited = 0; written() === before && waited < 10_000; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Adds up what the hosts wrote. The files are the bundles' own bytes, 1 where something ran. */
export function addUpHosts() {
  if (!folder) return;
  for (const name of readdirSync(folder).filter((name) => /^host-\d+-\d+\.json$/.test(name)))
    addUp(JSON.parse(readFileSync(join(folder, name), 'utf8')));
}

/** @param {ScriptCoverage[]} scripts */
function addUp(scripts) {
  for (const { url, functions } of scripts) {
    const name = bundle.exec(new URL(url, 'file:///').pathname)?.[1];
    if (!name || !folder) continue;
    const path = join(folder, `${basename(name, '.js')}.ran`);
    const length = readFileSync(bundlePath(name), 'utf8').length;
    const ran = existsSync(path) ? readFileSync(path) : Buffer.alloc(length);
    const now = Buffer.alloc(length);
    // Outer functions come before inner ones, and a function's outer ranges before its inner ones.
    for (const { ranges } of functions)
      for (const { startOffset, endOffset, count } of ranges) now.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    for (let i = 0; i < length; i++) ran[i] |= now[i];
    writeFileSync(path, ran);
  }
}
