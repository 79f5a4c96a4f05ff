// Everything between a clone and something that runs: packages installed, both languages built. Each part is skipped when nothing it is made from changed.
import { existsSync, lstatSync } from 'node:fs';
import { bundleExtension, hostBundles, pages } from './bundle.mjs';
import { stamp } from './fingerprint.mjs';
import { inArtifacts, inRoot } from './paths.mjs';
import { step } from './progress.mjs';
import { runOrStop } from './run.mjs';

/** What the sidecar is made from. */
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
  // A link leads to another checkout's packages, and `npm ci` would empty them.
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

/** @returns {Promise<boolean>} Whether there was anything to do. */
export async function buildExtension() {
  const built = stamp('extension', extensionSources);
  const outputs = [...hostBundles, ...(await pages()).flatMap((name) => [`webview/${name}.js`, `webview/${name}.js.map`])];
  if (outputs.every((path) => existsSync(inRoot('extension', 'out', path))) && built.isCurrent()) return false;
  await bundleExtension(inRoot('extension', 'out'), { sourcemap: true });
  built.keep();
  return true;
}

/** @param {{show?: boolean}} [options] `show` passes on what the compiler says. @returns {Promise<boolean>} Whether there was anything to do. */
export async function buildSidecar({ show = false } = {}) {
  const built = stamp('sidecar', sidecarSources);
  if (existsSync(inArtifacts('bin', 'Plue.Server', 'debug', 'plue.dll')) && built.isCurrent()) return false;
  await runOrStop('dotnet', ['build', 'server/Plue.Server', '-v', 'q', '--nologo'], { show });
  built.keep();
  return true;
}
