// Everything between a clone and something that runs: packages installed, both languages built. Each part is skipped when nothing it is made from changed.
import { existsSync, lstatSync } from 'node:fs';
import { inRoot } from './paths.mjs';
import { step } from './progress.mjs';
import { runOrStop } from './run.mjs';
import { stamp } from './fingerprint.mjs';

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
  'scripts/build.mjs',
  'scripts/lib/bundle.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

export async function installPackages() {
  // A link leads to another checkout's packages, and `npm ci` would empty them.
  if (lstatSync(inRoot('node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const installed = stamp('packages', ['package.json', 'package-lock.json']);
  if (existsSync(inRoot('node_modules', '.package-lock.json')) && installed.isCurrent()) return;
  await step('Installing npm packages', () => runOrStop('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']));
  installed.keep();
}

/** Builds the extension's bundles and the sidecar: `npm run build`. */
export async function build() {
  const built = stamp('build', [...extensionSources, ...sidecarSources]);
  const outputs = ['extension/out/main.js', 'artifacts/bin/Plue.Server/debug/plue.dll'];
  if (outputs.every((path) => existsSync(inRoot(path))) && built.isCurrent()) return;
  await step('Building the extension and the sidecar', () => runOrStop('npm', ['run', '--silent', 'build']));
  built.keep();
}
