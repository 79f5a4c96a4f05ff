// From the bytes of the bundles that ran in a real VS Code (tests/e2e/runner/coverage.mjs) back to the lines of the sources.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { inArtifacts, inRoot, root } from './paths.mjs';

/** Where a run writes what it counts. */
export const bundleCoverage = inArtifacts('coverage', 'vscode');

export function forgetBundleCoverage() {
  rmSync(bundleCoverage, { recursive: true, force: true });
  mkdirSync(bundleCoverage, { recursive: true });
}

/** The bundle that a page or the host loads. @param {string} name As `chat.js`; the host's is `main.js`. */
export const bundlePath = (name) => inRoot('extension', 'out', ...(name === 'main.js' ? [] : ['webview']), name);

/** @returns {import('./coverage.mjs').Coverage} Only lines that ran. */
export function coverageOfBundles() {
  /** @type {import('./coverage.mjs').Coverage} */
  const coverage = new Map();
  if (!existsSync(bundleCoverage)) return coverage;
  for (const name of readdirSync(bundleCoverage).filter((name) => name.endsWith('.ran'))) {
    addLines(coverage, bundlePath(`${basename(name, '.ran')}.js`), readFileSync(join(bundleCoverage, name)));
  }
  return coverage;
}

/** A line ran where one of the places that the source map knows of it did. @param {import('./coverage.mjs').Coverage} coverage @param {string} bundle @param {Buffer} ran */
function addLines(coverage, bundle, ran) {
  const map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')));
  const files = new Map();
  let offset = 0;
  for (const [number, line] of readFileSync(bundle, 'utf8').split('\n').entries()) {
    for (let column = 0; column < line.length; column++) {
      if (ran[offset + column] !== 1) continue;
      const entry = map.findEntry(number, column);
      if (!('originalSource' in entry) || entry.generatedLine !== number || entry.generatedColumn !== column) continue;
      const source = entry.originalSource;
      if (!files.has(source)) files.set(source, relative(root, resolve(dirname(bundle), source)).replaceAll('\\', '/'));
      const file = files.get(source);
      if (!coverage.has(file)) coverage.set(file, new Map());
      coverage.get(file)?.set(entry.originalLine + 1, true);
    }
    offset += line.length + 1;
  }
}
