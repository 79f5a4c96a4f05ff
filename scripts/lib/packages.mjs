// Packages the extension for one target: copies the shipped files with the sidecar, its hashes and the notices to a folder, and creates the VSIX from it.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { sidecarSources } from './build.mjs';
import { bundleExtension } from './bundle.mjs';
import { stamp } from './fingerprint.mjs';
import { noticesOf, shippedWorks } from './notices.mjs';
import { inArtifacts, inRoot } from './paths.mjs';
import { Stop, step } from './progress.mjs';
import { hostRid, publishedSidecar } from './publish.mjs';
import { run } from './run.mjs';
import { targets } from './targets.mjs';

/** Files of the checkout that ship unchanged: folders, and names in them. All others in a package are generated. */
const shipped = [
  { folder: '.', names: /^(README\.md|CHANGELOG\.md|LICENSE|package\.nls(\.[\w-]+)?\.json)$/ },
  { folder: 'l10n', names: /^bundle\.l10n(\.[\w-]+)?\.json$/ },
  { folder: 'extension/media', names: /\.(svg|png|md|json)$/ },
];

/** Maximum size of a package in bytes, by target. The package for Linux has 19.2 MiB: docs/decisions/061-fixed-address-native-aot.md. */
const mostBytes = /** @type {Record<string, number>} */ ({ 'linux-x64': 19.5 * 1024 * 1024 });

const packageSources = [
  'package.json',
  'README.md',
  'CHANGELOG.md',
  'LICENSE',
  'l10n',
  'extension/src',
  'extension/media',
  'scripts/lib',
  'package-lock.json',
];

/** @typedef {{target: string, file: string, bytes: number}} Packed */

/**
 * @param {string} target One of {@link targets}.
 * @param {{preRelease?: boolean}} [options] `preRelease` marks it as a pre-release for the Marketplace.
 * @returns {Promise<Packed>}
 */
export async function makePackage(target, { preRelease = false } = {}) {
  const { rid } = targets[target] ?? {};
  const manifest = shippedManifest();
  const file = inArtifacts('packages', `plue-${target}-${manifest.version}.vsix`);
  const program = await publishedSidecar(rid);
  const folder = inArtifacts('package', target);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyShipped(folder);
  const bundled = await bundleExtension(join(folder, 'extension', 'out'), { sourcemap: false });
  copySidecar(program, folder);
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES.txt'), noticesOf(shippedWorks(bundled, rid)));
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  // All files in the folder ship; without this file the packager warns.
  writeFileSync(join(folder, '.vscodeignore'), '');
  if (rid === hostRid()) {
    const packed = join(folder, 'sidecar', basename(program));
    await checkVersion(packed, manifest.version);
    await checkResponse(packed);
  }
  await step(`Packing ${basename(file)}`, () => pack(folder, file, { target, preRelease, hasAddress: manifest.repository !== undefined }));
  const { size: bytes } = statSync(file);
  const most = mostBytes[target] ?? Infinity;
  if (bytes > most) throw new Stop(`${file} has ${megabytes(bytes)}; more than ${megabytes(most)} is not shipped.`);
  return { target, file, bytes };
}

/** Returns the package of a target, and creates it if something changed. @param {string} target @returns {Promise<string>} */
export async function madePackage(target) {
  const file = inArtifacts('packages', `plue-${target}-${shippedManifest().version}.vsix`);
  const nls = readdirSync(inRoot()).filter((name) => name.startsWith('package.nls'));
  const made = stamp(`package-${target}`, [...packageSources, ...sidecarSources, ...nls]);
  if (statSync(file, { throwIfNoEntry: false }) && made.isCurrent()) return file;
  await makePackage(target);
  made.keep();
  return file;
}

/** @param {number} bytes */
export function megabytes(bytes) {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** Returns the manifest without the parts that only a checkout needs. */
function shippedManifest() {
  const {
    private: _,
    scripts,
    dependencies,
    devDependencies,
    overrides,
    allowScripts,
    ...rest
  } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  return rest;
}

/** @param {string} folder */
function copyShipped(folder) {
  for (const { folder: from, names } of shipped) {
    for (const path of filesBelow(inRoot(from), from !== '.')) {
      if (!names.test(basename(path))) continue;
      const to = join(folder, from, path);
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(inRoot(from, path), to);
    }
  }
}

/** Copies the published files with their hashes, which the extension verifies before each start. @param {string} program @param {string} folder */
function copySidecar(program, folder) {
  const sidecar = join(folder, 'sidecar');
  cpSync(dirname(program), sidecar, { recursive: true });
  const entries = readdirSync(sidecar, { withFileTypes: true });
  const inner = entries.find((entry) => !entry.isFile());
  if (inner) throw new Stop(`The sidecar has a folder, ${inner.name}, and its hashes are of files in one folder only.`);
  const hash = (/** @type {string} */ name) =>
    createHash('sha256')
      .update(readFileSync(join(sidecar, name)))
      .digest('hex');
  const files = Object.fromEntries(entries.map(({ name }) => [name, hash(name)]));
  for (const { name } of entries) chmodSync(join(sidecar, name), name === basename(program) && !name.endsWith('.dll') ? 0o755 : 0o644);
  writeFileSync(join(folder, 'extension', 'out', 'sidecar.json'), JSON.stringify({ program: basename(program), files }, null, 2));
}

/** @param {string} program @param {string} version */
async function checkVersion(program, version) {
  const { code, stdout } = await run(program, ['--version'], { timeout: 60_000 });
  if (code !== 0 || stdout.trim() !== version)
    throw new Stop(`\`${program} --version\` says “${stdout.trim()}” with exit code ${code}; package.json has ${version}.`);
}

/** Checks that a response streams through the packaged program, from an endpoint on loopback. @param {string} program */
async function checkResponse(program) {
  const events = 'data: {"choices":[{"delta":{"content":"It works."}}]}\n\ndata: [DONE]\n\n';
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(events));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const home = mkdtempSync(join(tmpdir(), 'plue-package-'));
  try {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    const options = ['--kind', 'openai-compatible', '--base-url', `http://127.0.0.1:${port}/v1`, '--model', 'm', '--key-env', 'NO_KEY'];
    const { code, stdout, output } = await run(program, ['run', 'hi', ...options], {
      env: { HOME: home, PLUE_HOME: home, NO_KEY: 'none' },
      timeout: 60_000,
    });
    if (code !== 0 || !stdout.includes('It works.'))
      throw new Stop(`The packed ${program} streams no response (exit code ${code}).\n${output}`);
  } finally {
    server.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** @param {string} folder @param {string} file @param {{target: string, preRelease: boolean, hasAddress: boolean}} options */
async function pack(folder, file, { target, preRelease, hasAddress }) {
  const { createVSIX } = await import('@vscode/vsce');
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  await createVSIX({
    cwd: folder,
    packagePath: file,
    dependencies: false,
    preRelease,
    // Relative links do not work outside the checkout, so they are rewritten if there is a public address.
    rewriteRelativeLinks: hasAddress,
    allowMissingRepository: true,
    ...(target === 'universal' ? {} : { target }),
  });
}

/** @param {string} folder @param {boolean} deep @returns {string[]} Paths relative to the folder. */
function filesBelow(folder, deep) {
  if (!statSync(folder, { throwIfNoEntry: false })) return [];
  const entries = readdirSync(folder, { recursive: deep, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}
