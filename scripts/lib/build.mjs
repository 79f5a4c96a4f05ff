// Installs packages and builds both languages. Skips each part whose sources did not change.
import { existsSync, lstatSync } from 'node:fs';
import { bundleExtension, hostBundles, pages } from './bundle.mjs';
import { stamp } from './fingerprint.mjs';
import { inArtifacts, inRoot } from './paths.mjs';
import { step } from './progress.mjs';
import { runOrStop } from './run.mjs';

/** The sources of the sidecar. */
export const sidecarSources = [
  'server',
  'templates',
  'prompts',
  'BannedSymbols.txt',
  'Directory.Build.props',
  'Directory.Packages.props',
  '.editorconfig',
];
const extensionSources = [
  'extension/src',
  'extension/media',
  'scripts/lib/bundle.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

export async function installPackages() {
  // A symbolic link leads to the packages of another checkout, which `npm ci` would remove.
  if (lstatSync(inRoot('node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const installed = stamp('packages', ['package-lock.json']);
  if (existsSync(inRoot('node_modules', '.package-lock.json')) && installed.isCurrent()) return;
  await step('Installing npm packages', () => runOrStop('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']));
  installed.keep();
}

/** Builds the extension's bundles and the sidecar. */
export async function build() {
  await step('Building the extension', () => buildExtension());
  await step('Building the sidecar', () => buildSidecar());
}

/** @returns {Promise<boolean>} False if it was up to date. */
export async function buildExtension() {
  const built = stamp('extension', extensionSources);
  const outputs = [...hostBundles, ...(await pages()).flatMap((name) => [`webview/${name}.js`, `webview/${name}.js.map`])];
  if (outputs.every((path) => existsSync(inRoot('extension', 'out', path))) && built.isCurrent()) return false;
  await bundleExtension(inRoot('extension', 'out'), { sourcemap: true });
  built.keep();
  return true;
}

/** @param {{show?: boolean}} [options] `show` prints the compiler's output. @returns {Promise<boolean>} False if it was up to date. */
export async function buildSidecar({ show = false } = {}) {
  const built = stamp('sidecar', sidecarSources);
  if (existsSync(inArtifacts('bin', 'Plue.Server', 'debug', 'plue.dll')) && built.isCurrent()) return false;
  await runOrStop('dotnet', ['build', 'server/Plue.Server', '-v', 'q', '--nologo'], { show });
  built.keep();
  return true;
}
