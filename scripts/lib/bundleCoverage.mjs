// From the bytes of the bundles that ran in a real VS Code (tests/e2e/runner/coverage.mjs) back to the lines of extension/src.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { CoverageReport } from 'monocart-coverage-reports';
import { fromLcov } from './coverage.mjs';
import { inArtifacts, inRoot, root } from './paths.mjs';

/** Where a run writes what it counts. */
export const bundleCoverage = inArtifacts('coverage', 'vscode');

export function forgetBundleCoverage() {
  rmSync(bundleCoverage, { recursive: true, force: true });
  mkdirSync(bundleCoverage, { recursive: true });
}

/** @returns {Promise<import('./coverage.mjs').Coverage>} */
export async function coverageOfBundles() {
  const report = new CoverageReport({
    outputDir: join(bundleCoverage, 'report'),
    reports: ['lcovonly'],
    logging: 'error',
    sourceFilter: (path) => path.startsWith('extension/src/'),
  });
  for (const name of readdirSync(bundleCoverage).filter((name) => name.endsWith('.ran')))
    await report.add([entryOf(join(bundleCoverage, name))]);
  await report.generate();
  const lcov = join(bundleCoverage, 'report', 'lcov.info');
  return existsSync(lcov) ? fromLcov(readFileSync(lcov, 'utf8')) : new Map();
}

/** One function as long as the bundle, with the ranges that did not run. @param {string} path */
function entryOf(path) {
  const name = `${basename(path, '.ran')}.js`;
  const bundle = name === 'main.js' ? inRoot('extension', 'out', name) : inRoot('extension', 'out', 'webview', name);
  const ran = readFileSync(path);
  const ranges = [{ startOffset: 0, endOffset: ran.length, count: 1 }];
  for (let start = ran.indexOf(0); start !== -1;) {
    const next = ran.indexOf(1, start);
    const end = next === -1 ? ran.length : next;
    ranges.push({ startOffset: start, endOffset: end, count: 0 });
    start = ran.indexOf(0, end);
  }
  return {
    url: `file://${bundle}`,
    source: readFileSync(bundle, 'utf8'),
    sourceMap: sourceMapOf(bundle),
    functions: [{ functionName: '', isBlockCoverage: true, ranges }],
  };
}

/** With the sources in it, named as the checkout names them. @param {string} bundle */
function sourceMapOf(bundle) {
  const map = JSON.parse(readFileSync(`${bundle}.map`, 'utf8'));
  const paths = map.sources.map((/** @type {string} */ source) => resolve(dirname(bundle), source));
  map.sources = paths.map((/** @type {string} */ path) => relative(root, path).replaceAll('\\', '/'));
  map.sourcesContent = paths.map((/** @type {string} */ path) => (existsSync(path) ? readFileSync(path, 'utf8') : ''));
  return map;
}
